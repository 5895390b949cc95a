public import RTCPrimitives

/// How clients and the signaling server speak with each other.
public protocol SignalingProfile: Sendable {
  /// The name in scenarios.
  var name: String { get }
  /// One sentence for lists and help.
  var summary: String { get }
  /// The fields of `signaling` in a scenario that only this profile has.
  var fields: [String] { get }
  /// What a client does when it joins, and where that is described.
  var connecting: (text: String, rfc: String) { get }
  /// Round trips before the first message, after which joining the room takes one more.
  var roundTripsToConnect: Int { get }
  /// Bytes of a message beside its text: framing, headers and the TLS record.
  var envelope: Int { get }
  /// When a message that is at the server at `time` leaves for a client.
  func departure(
    at time: Instant, from mailbox: inout SignalingMailbox, over access: SignalingAccess, _ settings: SignalingSettings
  ) -> Instant
  /// What becomes of messages when the server crashes.
  func crash(_ settings: SignalingSettings) -> SignalingCrash
}

/// What becomes of messages when the server crashes and comes back.
public struct SignalingCrash: Hashable, Sendable {
  /// Whether a client sends again what was on its way to the server, and what it wanted to send meanwhile.
  public var resends: Bool
  /// Whether a client sends again, too, what the server had and whose acknowledgement was on its way.
  public var repeatsUnacknowledged: Bool
  /// Whether what waits at the server is still there afterwards.
  public var keepsWaiting: Bool
  /// Whether a message for a client that is not connected again yet waits for it.
  public var queuesForAbsent: Bool
}

/// When a client asks for messages, where it has to ask.
public struct SignalingMailbox: Hashable, Sendable {
  /// When the client asked first.
  let firstRequest: Instant
  /// When the request that is open now is at the server.
  var openSince: Instant
  /// When the latest request was answered.
  var answeredAt: Instant?

  init(firstRequest: Instant, access: SignalingAccess) {
    self.firstRequest = firstRequest
    openSince = firstRequest + access.uplink.delay
  }
}

/// The profiles that there are. Adding one is one file and one line here.
public enum SignalingProfiles {
  public static let all: [any SignalingProfile] = [WebSocketSignaling(), HTTPPollingSignaling(), MQTTSignaling()]

  /// The names in the order of the list.
  public static let names = all.map(\.name)

  /// The profile called `name`.
  public static func named(_ name: String) -> (any SignalingProfile)? { all.first { $0.name == name } }
}

/// What a scenario says about signaling, beside its place.
public struct SignalingSettings: Hashable, Sendable {
  /// A name of `SignalingProfiles`.
  public var profile = WebSocketSignaling().name
  /// Between two requests of a client that polls.
  public var pollInterval = Duration.seconds(1)
  /// Whether the server holds a request until there is a message.
  public var isLongPoll = false
  /// MQTT's quality of service: 0 or 1.
  public var qualityOfService = 1
  /// The share of TCP segments that are lost, each time that they are sent.
  public var loss = 0.0
  public var outage: SignalingOutage?
  /// Whether somebody between the clients puts another fingerprint into every description.
  public var rewritesFingerprint = false

  public init() {}

  var chosen: any SignalingProfile {
    guard let profile = SignalingProfiles.named(profile) else { preconditionFailure("there is no profile \(profile)") }
    return profile
  }
}

/// The time during which the server is down.
public struct SignalingOutage: Hashable, Sendable {
  /// When it crashes.
  public var begin: Duration
  /// Until it runs again; `nil` for never.
  public var length: Duration?

  public init(begin: Duration, length: Duration?) {
    self.begin = begin
    self.length = length
  }

  /// How long a client waits between two attempts to connect.
  public static let retryInterval = Duration.seconds(1)

  var beginTime: Instant { .start + begin }

  /// Whether the server runs again; whoever connects from then on has seen nothing of it.
  func isOver(at time: Instant) -> Bool { length.map { time >= beginTime + $0 } ?? false }

  /// When a client that notices at `noticed` can speak again; `nil` for never.
  ///
  /// It tries at once and then every `retryInterval`. The first attempt that finds the server running sets the
  /// connection up and joins the room again.
  func restored(noticed: Instant, over access: SignalingAccess, _ profile: any SignalingProfile) -> Instant? {
    guard let length else { return nil }
    let end = beginTime + length
    let wait = max(0, (end - (noticed + access.uplink.delay)).nanoseconds)
    let attempts = (wait + Self.retryInterval.nanoseconds - 1) / Self.retryInterval.nanoseconds
    return noticed + Self.retryInterval * Int(attempts) + access.roundTripTime * (profile.roundTripsToConnect + 1)
  }

  /// When a client that was connected notices: its connection is reset.
  func noticed(over access: SignalingAccess) -> Instant { beginTime + access.downlink.delay }
}
