import Glibc
public import RTCPrimitives

/// Why there is no socket.
public enum SocketError: Error, Hashable, Sendable {
  /// A call of the operating system failed.
  case system(operation: String, code: Int32)
  case cannotBind(Endpoint, TransportProtocol, code: Int32)
  /// OpenSSL would not work.
  case crypto(String)
  case unknownInterface(String, known: [String])

  /// The failure that `errno` tells of.
  static func last(_ operation: String) -> SocketError { .system(operation: operation, code: errno) }
}

extension SocketError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .system(let operation, let code): "\(operation): \(Self.reason(code))"
    case .cannotBind(let endpoint, let transport, let code):
      "cannot open \(transport == .udp ? "UDP" : "TCP") \(endpoint): \(Self.reason(code))"
    case .crypto(let reason): reason
    case .unknownInterface(let name, let known):
      "no interface '\(name)'; this machine has \(known.joined(separator: ", "))"
    }
  }

  private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
