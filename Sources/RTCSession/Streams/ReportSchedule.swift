import RTCMedia
import RTCPrimitives

/// When each stream of a connection reports, as libwebrtc times it: every stream by itself.
///
/// The mean is 5 s for sound and 1 s for video, and for video that is sent 360 kbit at its rate where that is less, so that a
/// picture of 1.7 Mbit/s has 4.7 sender reports a second. Each time is drawn from half to one and a half of it.
/// - SeeAlso: RFC 3550 §6.2; `RTCPSender::PrepareReport` of libwebrtc, which has no share of the bandwidth (5 %) as a limit
struct ReportSchedule {
  enum Stream {
    case sender(RTPStreamSender)
    case receiver(RTPStreamReceiver)
  }

  private static let audioInterval = Duration.seconds(5)
  private static let videoInterval = Duration.seconds(1)
  /// Video reports once in so many bits that it has sent: 360 kbit.
  private static let videoBits = 360_000.0

  /// Side by side, because they are all looked through.
  private var dues: [Instant] = []
  private var streams: [Stream] = []
  private var meters: [RateMeter] = []
  private(set) var nextTimeout: Instant?

  /// Takes the streams that there are now; those that are new report after half their mean.
  mutating func adopt(_ senders: [RTPStreamSender], _ receivers: [RTPStreamReceiver], at now: Instant) {
    let known = (dues: dues, streams: streams, meters: meters)
    let wanted = senders.map { Stream.sender($0) } + receivers.map { Stream.receiver($0) }
    let places = Dictionary(
      zip(known.streams.lazy.map(\.identity), known.streams.indices), uniquingKeysWith: { first, _ in first })
    streams = wanted
    dues = []
    meters = []
    for stream in wanted {
      if let place = places[stream.identity] {
        dues.append(known.dues[place])
        meters.append(known.meters[place])
      } else {
        dues.append(TransportFeedbackGenerator.nextTick(after: now + Self.longestInterval(of: stream) / 2))
        meters.append(RateMeter())
      }
    }
    nextTimeout = dues.min()
  }

  /// Forgets the streams of a transceiver that has ended.
  mutating func remove(ofTransceiver transceiver: Int) {
    for index in streams.indices.reversed() where streams[index].transceiver == transceiver {
      dues.remove(at: index)
      streams.remove(at: index)
      meters.remove(at: index)
    }
    nextTimeout = dues.min()
  }

  /// The next stream that is due, which is given its next time; and when it reported last.
  mutating func next(at now: Instant, entropy: inout EntropySource) -> (stream: Stream, last: Instant)? {
    guard let due = nextTimeout, due <= now, let index = dues.firstIndex(where: { $0 <= now }) else { return nil }
    let last = meters[index].lastReport
    let mean = interval(ofStreamAt: index, at: now).nanoseconds
    let time = mean / 2 + Int64(entropy.next() % UInt64(max(1, mean)))
    dues[index] = TransportFeedbackGenerator.nextTick(after: now + .nanoseconds(time))
    nextTimeout = dues.min()
    return (streams[index], last)
  }

  private mutating func interval(ofStreamAt index: Int, at now: Instant) -> Duration {
    let longest = Self.longestInterval(of: streams[index])
    switch streams[index] {
    case .receiver:
      meters[index].lastReport = now
      return longest
    case .sender(let sender):
      let rate = meters[index].note(sender.reportedBytes, at: now)
      guard sender.parameters.kind == .video, rate > 0 else { return longest }
      return min(longest, .seconds(Self.videoBits / rate))
    }
  }

  private static func longestInterval(of stream: Stream) -> Duration {
    let kind =
      switch stream {
      case .sender(let sender): sender.parameters.kind
      case .receiver(let receiver): receiver.parameters.kind
      }
    return kind == .audio ? audioInterval : videoInterval
  }

  /// The rate of what a stream sends, over at least half a second once there is one.
  private struct RateMeter {
    private static let window = Duration.milliseconds(500)

    var lastReport = Instant.start
    private var older: (time: Instant, bytes: Int)?
    private var newer: (time: Instant, bytes: Int)?

    /// - Parameter bytes: all that was sent so far.
    /// - Returns: bits per second; 0 when it is not known yet.
    mutating func note(_ bytes: Int, at now: Instant) -> Double {
      lastReport = now
      if newer.map({ now - $0.time >= Self.window }) ?? true { (older, newer) = (newer, (now, bytes)) }
      guard let mark = older ?? newer, mark.time < now else { return 0 }
      return Double(8 * max(0, bytes - mark.bytes)) / (now - mark.time).inSeconds
    }
  }
}

extension ReportSchedule.Stream {
  fileprivate var transceiver: Int {
    switch self {
    case .sender(let sender): sender.place.transceiver
    case .receiver(let receiver): receiver.place.transceiver
    }
  }

  fileprivate var identity: ObjectIdentifier {
    switch self {
    case .sender(let sender): ObjectIdentifier(sender)
    case .receiver(let receiver): ObjectIdentifier(receiver)
    }
  }
}
