import RTCPrimitives

extension CandidatePair {
  /// Counters under their names in W3C webrtc-stats `RTCIceCandidatePairStats`.
  ///
  /// Bytes are UDP payloads of application data: without connectivity checks and without TURN framing.
  public struct Statistics: Hashable, Sendable {
    public internal(set) var packetsSent = 0
    public internal(set) var packetsReceived = 0
    public internal(set) var bytesSent = DataSize.zero
    public internal(set) var bytesReceived = DataSize.zero
    public internal(set) var lastPacketSentTimestamp: Instant?
    public internal(set) var lastPacketReceivedTimestamp: Instant?
    /// Checks sent, without retransmissions and consent checks.
    public internal(set) var requestsSent = 0
    public internal(set) var requestsReceived = 0
    public internal(set) var responsesSent = 0
    public internal(set) var responsesReceived = 0
    public internal(set) var consentRequestsSent = 0
    /// Retransmissions of checks, which `requestsSent` leaves out.
    public internal(set) var retransmissionsSent = 0
    public internal(set) var totalRoundTripTime = Duration.zero
    public internal(set) var currentRoundTripTime: Duration?

    mutating func sent(_ bytes: Int, at now: Instant) {
      packetsSent += 1
      bytesSent.bytes += bytes
      lastPacketSentTimestamp = now
    }

    mutating func received(_ bytes: Int, at now: Instant) {
      packetsReceived += 1
      bytesReceived.bytes += bytes
      lastPacketReceivedTimestamp = now
    }

    mutating func measured(_ roundTripTime: Duration) {
      responsesReceived += 1
      totalRoundTripTime += roundTripTime
      currentRoundTripTime = roundTripTime
    }
  }
}
