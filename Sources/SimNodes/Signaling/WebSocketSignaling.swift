import RTCPrimitives

/// Messages over a WebSocket: three round trips to connect (TCP, TLS 1.3, the HTTP upgrade), then pushed at once.
///
/// A client sends again what the server has not acknowledged when it crashes; what the server has passed on arrives.
/// - SeeAlso: RFC 6455, RFC 9293, RFC 8446
public struct WebSocketSignaling: SignalingProfile {
  public let name = "websocket"
  public let summary = "a WebSocket: messages are pushed as soon as the server has them"
  public let fields: [String] = []
  public let connecting = (text: "WebSocket to the signaling server", rfc: "RFC 6455 §4")
  public let roundTripsToConnect = 3
  public let envelope = 120

  public func departure(
    at time: Instant, from mailbox: inout SignalingMailbox, over access: SignalingAccess, _ settings: SignalingSettings
  ) -> Instant { time }

  public func crash(_ settings: SignalingSettings) -> SignalingCrash {
    SignalingCrash(resends: true, repeatsUnacknowledged: false, keepsWaiting: true, queuesForAbsent: true)
  }
}
