import RTCTransport

/// The SCTP association of a connection.
public struct SCTPSnapshot: Hashable, Sendable, Encodable {
  public var state: String
  public var localPort: UInt16
  public var remotePort: UInt16
  /// The largest message that the peer takes, in bytes.
  public var maxMessageSize: Int
  /// Streams in each direction; `nil` before the association is there.
  public var maxChannels: Int?
}

/// A data channel as it is at one end.
public struct DataChannelSnapshot: Hashable, Sendable, Encodable {
  public var label: String
  public var subprotocol: String
  /// The stream in both directions; `nil` before it has one.
  public var id: UInt16?
  public var state: String
  public var isOrdered: Bool
  /// `nil` where messages are sent again until they arrive.
  public var maxRetransmits: UInt32?
  public var maxPacketLifeTimeMs: Double?
  public var isNegotiated: Bool
  /// Bytes that were not transmitted for the first time.
  public var bufferedAmount: Int
  public var messagesSent: Int
  public var bytesSent: Int
  public var messagesReceived: Int
  public var bytesReceived: Int
}

extension PeerConnection {
  var sctpSnapshot: SCTPSnapshot? {
    guard let agreedData, let state = sctpState else { return nil }
    return SCTPSnapshot(
      state: state.rawValue, localPort: agreedData.localPort, remotePort: agreedData.remotePort,
      maxMessageSize: min(agreedData.remoteMaxMessageSize, SCTPConfiguration.maxMessageSize),
      maxChannels: state == .connected ? dataChannels.streams : nil)
  }

  var dataChannelSnapshots: [DataChannelSnapshot] {
    openDataChannels.map {
      DataChannelSnapshot($0, bufferedAmount: bufferedAmount(ofDataChannel: $0.id))
    }
  }
}

extension DataChannelSnapshot {
  fileprivate init(_ channel: DataChannel, bufferedAmount: Int) {
    let statistics = channel.statistics
    self.init(
      label: channel.label, subprotocol: channel.subprotocol, id: channel.stream, state: channel.state.rawValue,
      isOrdered: channel.isOrdered, isNegotiated: channel.isNegotiated, bufferedAmount: bufferedAmount,
      messagesSent: statistics.messagesSent, bytesSent: statistics.bytesSent,
      messagesReceived: statistics.messagesReceived, bytesReceived: statistics.bytesReceived)
    switch channel.reliability {
    case .reliable: break
    case .maxRetransmits(let count): maxRetransmits = count
    case .maxPacketLifeTime(let time): maxPacketLifeTimeMs = time.milliseconds
    }
  }
}
