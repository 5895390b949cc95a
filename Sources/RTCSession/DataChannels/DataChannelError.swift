public import RTCTransport

/// Why a data channel could not be made or used.
public enum DataChannelError: Error, Hashable, Sendable {
  /// The connection was made without SCTP.
  case unavailable
  /// The connection or its association is closed.
  case connectionClosed
  case textTooLong(field: String, bytes: Int)
  /// Both `maxRetransmits` and `maxPacketLifeTime` are given.
  case bothLimits
  case lifeTime(Duration)
  case negotiatedWithoutID
  /// 65535 is no stream.
  case illegalID(UInt16)
  case idInUse(UInt16)
  /// The association has fewer streams.
  case idTooLarge(UInt16, streams: Int)
  /// There is no such channel, or it is closed.
  case unknownChannel(Int)
  case notOpen(DataChannel.State)
  case sending(SCTPError)

  /// The exception that the W3C names for it.
  ///
  /// - SeeAlso: W3C webrtc-pc `createDataChannel()`, `send()`
  public var name: String {
    switch self {
    case .unavailable: "NotSupportedError"
    case .connectionClosed, .unknownChannel, .notOpen: "InvalidStateError"
    case .textTooLong, .bothLimits, .lifeTime, .negotiatedWithoutID, .illegalID: "TypeError"
    case .idInUse, .idTooLarge: "OperationError"
    case .sending(.messageTooLarge): "TypeError"
    case .sending: "OperationError"
    }
  }
}

extension DataChannelError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unavailable: "this connection has no SCTP"
    case .connectionClosed: "the connection is closed"
    case .textTooLong(let field, let bytes): "the \(field) has \(bytes) bytes, and 65535 are allowed"
    case .bothLimits: "only one of maxRetransmits and maxPacketLifeTime may be given"
    case .lifeTime(let time): "maxPacketLifeTime is \(time), and 0 to 65535 ms are allowed"
    case .negotiatedWithoutID: "a negotiated channel needs an id"
    case .illegalID(let id): "id \(id) is not allowed; 65534 is the largest"
    case .idInUse(let id): "id \(id) is that of another channel"
    case .idTooLarge(let id, let streams): "id \(id) is not among the \(streams) streams of the association"
    case .unknownChannel(let id): "there is no channel \(id)"
    case .notOpen(let state): "the channel is \(state.rawValue)"
    case .sending(let error): "\(error)"
    }
  }
}
