import RTCPrimitives
import RTCWire

/// Why a TURN client did not get what it asked for.
public enum TURNError: Error, Hashable, Sendable {
  /// No response to any retransmission (RFC 8489 §6.2.1).
  case timeout
  /// The connection over TCP or TLS could not be made, or has ended.
  case connectionLost
  case rejected(STUNErrorCode)
  /// The server names another one (RFC 8489 §10).
  case tryAlternate(Endpoint)
  /// A success response without what it must hold.
  case incompleteResponse(missing: STUNAttributeType)
  /// A response with attributes that must be understood and are not known (RFC 8489 §6.3.3, §6.3.4).
  case unknownAttributes([STUNAttributeType])
  /// There is no allocation that could be used.
  case noAllocation
  /// All channel numbers are taken; a number is never bound to a second peer.
  case noChannelLeft
}

extension TURNError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .timeout: "the TURN server does not answer"
    case .connectionLost: "the connection to the TURN server is lost"
    case .rejected(let error): "the TURN server answers \(error)"
    case .tryAlternate(let server): "the TURN server sends its clients to \(server)"
    case .incompleteResponse(let type): "the TURN server's response lacks \(type)"
    case .unknownAttributes(let types):
      "the TURN server's response has the unknown \(types.map { "\($0)" }.joined(separator: ", "))"
    case .noAllocation: "there is no allocation"
    case .noChannelLeft: "all 4096 channel numbers are taken"
    }
  }
}
