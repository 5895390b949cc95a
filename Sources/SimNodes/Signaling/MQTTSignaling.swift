import RTCPrimitives

/// Messages through an MQTT broker: four round trips to connect (TCP, TLS 1.3, CONNECT, SUBSCRIBE), then pushed at once.
///
/// With quality of service 0 a message that meets a crash of the broker is lost. With 1 it is published again until
/// its PUBACK arrives, so that it may come twice, and the broker's session outlives the crash.
/// - SeeAlso: OASIS MQTT 5.0 §4.3
public struct MQTTSignaling: SignalingProfile {
  public let name = "mqtt"
  public let summary = "an MQTT broker: pushed; with qos 0 lost when the broker crashes, with qos 1 perhaps repeated"
  public let fields = ["qos"]
  public let connecting = (text: "CONNECT and SUBSCRIBE to the MQTT broker", rfc: "OASIS MQTT 5.0 §3.1")
  public let roundTripsToConnect = 4
  /// A fixed header, a topic of about 40 characters, a JSON envelope and the TLS record: an estimate.
  public let envelope = 140

  public func departure(
    at time: Instant, from mailbox: inout SignalingMailbox, over access: SignalingAccess, _ settings: SignalingSettings
  ) -> Instant { time }

  public func crash(_ settings: SignalingSettings) -> SignalingCrash {
    let isAcknowledged = settings.qualityOfService > 0
    return SignalingCrash(
      resends: isAcknowledged, repeatsUnacknowledged: isAcknowledged, keepsWaiting: isAcknowledged,
      queuesForAbsent: isAcknowledged)
  }
}
