import RTCTransport
import RTCWire

/// All that can be seen of a connection at one time, under the names of W3C webrtc-pc and webrtc-stats where they have one.
///
/// Two snapshots are equal when the two connections cannot be told apart. Times are in milliseconds.
public struct ConnectionSnapshot: Hashable, Sendable, Encodable {
  public var peer: String
  public var signalingState: String
  public var iceGatheringState: String
  public var iceConnectionState: String
  public var dtlsState: String
  public var connectionState: String
  public var iceRole: String
  public var currentLocal: DescriptionSnapshot?
  public var pendingLocal: DescriptionSnapshot?
  public var currentRemote: DescriptionSnapshot?
  public var pendingRemote: DescriptionSnapshot?
  public var localCandidates: [CandidateSnapshot]
  public var remoteCandidates: [CandidateSnapshot]
  /// By falling priority.
  public var pairs: [PairSnapshot]
  public var dtls: DTLSSnapshot
  /// `nil` before the keys are there.
  public var srtp: SRTPSnapshot?
  public var transceivers: [TransceiverSnapshot]
  public var outbound: [OutboundSnapshot]
  public var inbound: [InboundSnapshot]
  /// `nil` before data channels are agreed on.
  public var sctp: SCTPSnapshot?
  /// Those that are not closed.
  public var dataChannels: [DataChannelSnapshot]
  /// `nil` without congestion control, and before media may flow.
  public var congestion: CongestionSnapshot?
}

/// A description in one of the four slots.
public struct DescriptionSnapshot: Hashable, Sendable {
  /// `offer` or `answer`.
  public var type: String
  public var description: SessionDescription

  public init(type: String, description: SessionDescription) {
    self.type = type
    self.description = description
  }
}

extension DescriptionSnapshot: Encodable {
  enum CodingKeys: String, CodingKey { case type, sdp }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(type, forKey: .type)
    try container.encode(description.description, forKey: .sdp)
  }
}

public struct CandidateSnapshot: Hashable, Sendable, Encodable {
  public var kind: String
  public var address: String
  public var relatedAddress: String?
  public var priority: UInt32
  public var foundation: String
}

public struct PairSnapshot: Hashable, Sendable, Encodable {
  public var id: String
  public var local: String
  public var remote: String
  public var state: String
  public var isNominated: Bool
  public var isSelected: Bool
  /// A decimal number: it does not fit into the numbers of JSON.
  public var priority: String
  public var roundTripTimeMs: Double?
  public var requestsSent: Int
  public var requestsReceived: Int
  public var responsesSent: Int
  public var responsesReceived: Int
  public var packetsSent: Int
  public var packetsReceived: Int
}

public struct DTLSSnapshot: Hashable, Sendable, Encodable {
  public var role: String?
  /// The handshake messages of the last flight in each direction.
  public var lastFlightSent: String?
  public var lastFlightReceived: String?
  public var flightsRepeated: Int
  public var localFingerprint: String
  /// What the remote description announced.
  public var remoteFingerprint: String?
  public var cipherSuite: String?
}

public struct SRTPSnapshot: Hashable, Sendable, Encodable {
  public var profile: String
  /// Tell keys apart without giving them away: what one side sends with, the other receives with.
  public var sendKey: String
  public var receiveKey: String
}

public struct TransceiverSnapshot: Hashable, Sendable, Encodable {
  public var mid: String?
  public var kind: String
  /// What this side wants.
  public var direction: String
  /// What was negotiated; `nil` before.
  public var currentDirection: String?
  public var sendSSRC: UInt32?
  public var receiveSSRC: UInt32?
  /// Set by whoever captures: silence is sent.
  public var isMuted = false
}

public struct OutboundSnapshot: Hashable, Sendable, Encodable {
  public var kind: String
  public var ssrc: UInt32
  public var packetsSent: Int
  public var bytesSent: Int
  /// `nil` of sound, like the requests for key frames.
  public var framesSent: Int?
  public var nackCount: Int
  public var pliCount: Int?
  public var roundTripTimeMs: Double?
}

public struct InboundSnapshot: Hashable, Sendable, Encodable {
  public var kind: String
  public var ssrc: UInt32
  public var packetsReceived: Int
  public var bytesReceived: Int
  public var packetsLost: Int
  public var jitterMs: Double
  /// `nil` of sound, like the freezes.
  public var framesDecoded: Int?
  public var freezeCount: Int?
}
