import RTCPrimitives

/// Messages by HTTP: a client posts its own, and asks for those of others, which wait at the server until then.
///
/// Two round trips to connect (TCP, TLS 1.3). A client asks every `pollInterval` from when it joined; with `longPoll`
/// the server holds the request until there is a message, and the client asks again as soon as it has the response.
/// What waits at the server is lost when that crashes, because its sender has had the response already.
/// - SeeAlso: RFC 9110 §9.3.3, RFC 6202 §2 (long polling)
/// - Note: All messages that wait leave in one response. How long the response takes at the link's rate delays its
///   messages, but not the next long poll.
public struct HTTPPollingSignaling: SignalingProfile {
  public let name = "http-polling"
  public let summary = "HTTP: messages wait at the server until the receiver asks, every pollInterval or by longPoll"
  public let fields = ["pollInterval", "longPoll"]
  public let connecting = (text: "HTTPS to the signaling server", rfc: "RFC 9110 §9.3.3")
  public let roundTripsToConnect = 2
  /// A request line, a dozen headers of a browser with a cookie, and the TLS record: an estimate.
  public let envelope = 500

  public func departure(
    at time: Instant, from mailbox: inout SignalingMailbox, over access: SignalingAccess, _ settings: SignalingSettings
  ) -> Instant {
    guard settings.isLongPoll else {
      let first = mailbox.firstRequest + access.uplink.delay
      let interval = settings.pollInterval.nanoseconds
      let polls = (max(0, (time - first).nanoseconds) + interval - 1) / interval
      return first + settings.pollInterval * Int(polls)
    }
    if let answered = mailbox.answeredAt, time <= answered { return answered }
    let leaves = max(time, mailbox.openSince)
    mailbox.answeredAt = leaves
    mailbox.openSince = leaves + access.roundTripTime
    return leaves
  }

  public func crash(_ settings: SignalingSettings) -> SignalingCrash {
    SignalingCrash(resends: true, repeatsUnacknowledged: false, keepsWaiting: false, queuesForAbsent: true)
  }
}

extension SignalingSettings {
  /// How long a message may wait at the server until its receiver asks; `nil` where it is pushed.
  public var longestWait: Duration? { profile == HTTPPollingSignaling().name && !isLongPoll ? pollInterval : nil }
}
