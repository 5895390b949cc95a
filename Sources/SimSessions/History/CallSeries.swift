import RTCPrimitives

/// What goes over the clients' links as time goes on, in bins of 200 ms.
public struct CallSeries: Hashable, Sendable {
  public static let interval = Duration.milliseconds(200)

  /// One curve; `nil` where nothing was measured.
  public struct Line: Hashable, Sendable, Encodable {
    public let name: String
    public let unit: String
    public let values: [Double?]
  }

  private struct Bin: Hashable, Sendable {
    var sentBytes = 0
    var receivedBytes = 0
    var sentPackets = 0
    var droppedPackets = 0
    var roundTripTime: Duration?
  }

  private var bins: [[Bin]]

  init(duration: Duration, clients: Int) {
    let count = Int(duration.nanoseconds / Self.interval.nanoseconds) + 1
    bins = Array(repeating: Array(repeating: Bin(), count: count), count: clients)
  }

  mutating func addSent(_ size: DataSize, by client: Int, at now: Instant) {
    change(client, now) {
      $0.sentBytes += size.bytes
      $0.sentPackets += 1
    }
  }

  mutating func addReceived(_ size: DataSize, by client: Int, at now: Instant) {
    change(client, now) { $0.receivedBytes += size.bytes }
  }

  mutating func addDropped(by client: Int, at now: Instant) { change(client, now) { $0.droppedPackets += 1 } }

  mutating func sample(at now: Instant, _ roundTripTimes: [Duration?]) {
    for (client, time) in roundTripTimes.enumerated() { change(client, now) { $0.roundTripTime = time } }
  }

  private mutating func change(_ client: Int, _ now: Instant, _ body: (inout Bin) -> Void) {
    let index = Int((now - .start).nanoseconds / Self.interval.nanoseconds)
    if index < bins[client].count { body(&bins[client][index]) }
  }

  /// The end of the last bin in which something arrived; `nil` when nothing ever did.
  func lastReceived(by client: Int) -> Instant? {
    bins[client].lastIndex { $0.receivedBytes > 0 }.map { .start + Self.interval * ($0 + 1) }
  }

  /// When each bin begins, in milliseconds.
  public var times: [Double] { (bins.first ?? []).indices.map { Double($0) * Self.interval.milliseconds } }

  /// Rates at the UDP/IP layer, the latest round trip of the selected pair, and datagrams lost of those that were sent.
  public func lines(of names: [String]) -> [Line] {
    let seconds = Self.interval.inSeconds
    return names.indices.flatMap { index in
      let bins = bins[index]
      return [
        Line(
          name: "\(names[index]) sends", unit: "kbit/s",
          values: bins.map { (Double($0.sentBytes) * 8 / seconds / 1000).rounded() }),
        Line(
          name: "\(names[index]) receives", unit: "kbit/s",
          values: bins.map { (Double($0.receivedBytes) * 8 / seconds / 1000).rounded() }),
        Line(name: "\(names[index]) round trip", unit: "ms", values: bins.map { $0.roundTripTime?.milliseconds }),
        Line(
          name: "\(names[index]) loss", unit: "%",
          values: bins.map { $0.sentPackets > 0 ? 100 * Double($0.droppedPackets) / Double($0.sentPackets) : nil }),
      ]
    }
  }
}
