import RTCPrimitives
import RTCTransport
import SimNetwork

/// Which whole numbers are allowed, in files and on the command line.
struct WholeNumberLimit: Sendable {
  let range: ClosedRange<Int>
  let step: Int
  let unit: String

  init(_ range: ClosedRange<Int>, _ unit: String = "", step: Int = 1) {
    self.range = range
    self.step = step
    self.unit = unit.isEmpty ? "" : " \(unit)"
  }

  var allowed: String {
    "\(step == 1 ? "a whole" : "an even") number from \(range.lowerBound) to \(range.upperBound)\(unit)"
  }

  func contains(_ number: Int) -> Bool { range.contains(number) && number.isMultiple(of: step) }

  static let participants = WholeNumberLimit(2...1000)
  /// Of the pictures and of the voices that a receiver gets at once.
  static let lastN = WholeNumberLimit(1...1000)
  static let loudest = WholeNumberLimit(1...1000)
  static let cores = WholeNumberLimit(1...1024)
  static let turnServers = WholeNumberLimit(1...4)
  static let turnQuota = WholeNumberLimit(1...1000)
  /// Even, because a chroma sample stands for two by two luma samples; the synthetic camera needs 32.
  static let pictureSide = WholeNumberLimit(32...4096, step: 2)
  /// Of one internal address behind a NAT, and the external addresses of the NAT.
  static let subscriberPorts = WholeNumberLimit(1...64512)
  static let externalAddresses = WholeNumberLimit(1...Network.addressLimit)
  static let frameRate = WholeNumberLimit(1...120, "pictures per second")
  /// MQTT's, of which 2 is not built.
  static let qualityOfService = WholeNumberLimit(0...1)
  /// Of a message on a data channel: from its number and time to what our descriptions allow.
  static let messageSize = WholeNumberLimit(16...SCTPConfiguration.maxMessageSize, "bytes")
  static let chunkSize = WholeNumberLimit(32...SCTPConfiguration.maxMessageSize, "bytes")
  static let tcpFlows = WholeNumberLimit(1...50)
  static let transferSize = WholeNumberLimit(16...10_000_000_000, "bytes")
  static let messageRate = WholeNumberLimit(1...10_000, "messages per second")
  /// An IP packet of at most 1500 bytes: fragments are not simulated.
  static let packetSize = WholeNumberLimit(8...1452, "bytes of UDP payload")
}

/// Which durations are allowed, in files and on the command line.
struct DurationLimit: Sendable {
  let range: ClosedRange<Duration>
  let note: String

  var allowed: String { "\(Duration.allowedQuantity)\(note)" }

  /// Of a session: something must be left to be measured.
  static let session = DurationLimit(
    range: SessionRun.warmUp + .nanoseconds(1) ... .seconds(86400),
    note: ", more than \(SessionRun.warmUp.quantity), because means begin then after the last join, and at most 24h")

  static let any = DurationLimit(range: .zero ... .seconds(3600), note: ", at most 1h")
  static let pollInterval = DurationLimit(range: .milliseconds(1) ... .seconds(3600), note: ", from 1ms to 1h")
  /// Between two messages.
  static let interval = DurationLimit(range: .milliseconds(1) ... .seconds(3600), note: ", from 1ms to 1h")
  /// Of an idle TCP connection at a NAT; Linux remembers one for five days.
  static let connection = DurationLimit(range: .milliseconds(1) ... .seconds(604_800), note: ", from 1ms to 168h")
  /// Of an allocation.
  static let allocation = DurationLimit(
    range: .seconds(1) ... .seconds(3600), note: ", whole seconds from 1s to 1h")
  /// Of a nonce: shorter than a second it could end on its way.
  static let nonce = DurationLimit(range: .seconds(1) ... .seconds(86400), note: ", from 1s to 24h")
  static let run = DurationLimit(range: .milliseconds(1) ... .seconds(86400), note: ", from 1ms to 24h")
}

/// Which rates are allowed, in files and on the command line.
enum RateLimit {
  static let range = DataRate.kilobitsPerSecond(1)...DataRate(bitsPerSecond: 1_000_000_000_000)
  static let allowed = "\(DataRate.allowedQuantity), from 1k to 1000G"
}
