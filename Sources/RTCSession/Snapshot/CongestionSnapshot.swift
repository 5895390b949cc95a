import RTCMedia
import RTCPrimitives

/// What congestion control allows at one time; rates in bits per second, all headers included.
public struct CongestionSnapshot: Hashable, Sendable, Encodable {
  public var controller: String
  /// The name that W3C webrtc-stats has for the target.
  public var availableOutgoingBitrate: Int64
  public var pacingRate: Int64
  /// The share of packets that is lost, 0 ... 1, as the codecs are to expect it.
  public var loss: Double
  /// Packets with transport-wide numbers, and messages that told of their arrival.
  public var packetsSent: Int
  public var feedbackReceived: Int
}

extension SendControl {
  /// `nil` before media may flow.
  var snapshot: CongestionSnapshot? {
    decision.map {
      CongestionSnapshot(
        controller: settings.controller.name, availableOutgoingBitrate: $0.target.bitsPerSecond,
        pacingRate: $0.pacingRate.bitsPerSecond, loss: $0.loss, packetsSent: statistics.packetsSent,
        feedbackReceived: statistics.feedbackReceived)
    }
  }
}
