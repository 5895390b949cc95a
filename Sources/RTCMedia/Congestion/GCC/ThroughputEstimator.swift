import RTCPrimitives

/// What the path delivered lately: the acknowledged bitrate.
///
/// The bytes of about a second over the time in which they arrived, and never more than what was sent. libwebrtc's default
/// since 2023; the Bayesian filter before it (windows of 500 and 150 ms) forgets a drop of capacity within 0.2 s, while in
/// the recordings the estimate goes down in steps over the second that follows one.
///
/// - SeeAlso: libwebrtc robust_throughput_estimator.cc, acknowledged_bitrate_estimator_interface.h, whose constants these are
struct ThroughputEstimator: Sendable {
  private struct Arrival {
    var sent: Double
    var received: Double
    var bytes: Int
  }

  /// By arrival, oldest at `first`.
  private var arrivals: [Arrival] = []
  private var first = 0
  /// The latest send time of a packet that is out of the window.
  private var forgottenSent = -Double.infinity

  /// Milliseconds and packets.
  private static let minimumWindow = (time: 1000.0, packets: 20)
  private static let maximumWindow = (time: 5000.0, packets: 500)
  private static let requiredPackets = 10

  init() { arrivals.reserveCapacity(2 * Self.maximumWindow.packets + 1) }

  /// Times are milliseconds of the sender's and the receiver's clocks.
  mutating func insert(sent: Double, received: Double, bytes: Int) {
    if let last = arrivals.last, abs(received - last.received) > Self.maximumWindow.time {
      // The receiver's clock jumped, or nothing was sent for long.
      forget()
    }
    arrivals.append(Arrival(sent: sent, received: received, bytes: bytes))
    var place = arrivals.count - 1
    while place > first, arrivals[place].received < arrivals[place - 1].received {
      arrivals.swapAt(place, place - 1)
      place -= 1
    }
    while firstIsOutside {
      forgottenSent = max(forgottenSent, arrivals[first].sent)
      first += 1
    }
    if first >= Self.maximumWindow.packets {
      arrivals.removeFirst(first)
      first = 0
    }
  }

  private mutating func forget() {
    arrivals.removeAll(keepingCapacity: true)
    first = 0
  }

  private var firstIsOutside: Bool {
    let count = arrivals.count - first
    guard count > 0 else { return false }
    let time = arrivals[arrivals.count - 1].received - arrivals[first].received
    if count > Self.maximumWindow.packets || time > Self.maximumWindow.time { return true }
    return count > Self.minimumWindow.packets && time > Self.minimumWindow.time
  }

  /// `nil` before enough was heard.
  var rate: DataRate? {
    guard arrivals.count - first >= Self.requiredPackets else { return nil }
    var gaps = (longest: 0.0, second: 0.0)
    var (receivedBytes, sentBytes, sentPackets) = (0, 0, 0)
    var (earliest, latest, latestBytes) = (Double.infinity, -Double.infinity, 0)
    for index in first..<arrivals.count {
      let arrival = arrivals[index]
      receivedBytes += arrival.bytes
      if index > first {
        let gap = arrival.received - arrivals[index - 1].received
        if gap > gaps.longest {
          gaps = (gap, gaps.longest)
        } else {
          gaps.second = max(gaps.second, gap)
        }
      }
      // One that was overtaken may have left long ago.
      guard arrival.sent >= forgottenSent else { continue }
      sentPackets += 1
      sentBytes += arrival.bytes
      earliest = min(earliest, arrival.sent)
      if arrival.sent >= latest { (latest, latestBytes) = (arrival.sent, arrival.bytes) }
    }
    // n packets span n - 1 gaps. Between arrivals lies the time of the later packet, between departures that of the earlier.
    receivedBytes -= arrivals[first].bytes
    sentBytes -= latestBytes
    // A pause of the network says nothing of its rate, so the longest gap counts as the second longest.
    let span = arrivals[arrivals.count - 1].received - arrivals[first].received
    let received = Self.rate(receivedBytes, over: span - gaps.longest + gaps.second)
    guard sentPackets > 1 else { return received }
    return min(received, Self.rate(sentBytes, over: latest - earliest))
  }

  private static func rate(_ bytes: Int, over milliseconds: Double) -> DataRate {
    DataRate(saturating: Double(bytes) * 8000 / max(milliseconds, 1))
  }
}
