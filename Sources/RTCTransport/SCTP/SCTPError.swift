/// Why SCTP could not do what was asked for.
public enum SCTPError: Error, Hashable, Sendable {
  /// The library could not be loaded; what went wrong.
  case library(String)
  /// A function of the library failed.
  case call(String, errno: Int32)
  /// A message is larger than the peer takes, in bytes (RFC 8841 §6).
  case messageTooLarge(Int, limit: Int)
  /// A message would not fit into what waits for the network, in bytes.
  case bufferFull(waiting: Int, limit: Int)
  /// The association has fewer streams.
  case noSuchStream(UInt16, count: Int)
  /// The association is not there yet, or no longer.
  case notConnected
}

extension SCTPError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .library(let reason): "libusrsctp: \(reason)"
    case .call(let function, let number): "\(function) failed with error \(number)"
    case .messageTooLarge(let size, let limit):
      "a message of \(size) bytes is larger than the \(limit) that the peer takes"
    case .bufferFull(let waiting, let limit): "\(waiting) bytes wait already, and at most \(limit) may"
    case .noSuchStream(let stream, let count): "stream \(stream) is not among the \(count) of the association"
    case .notConnected: "the association is not connected"
    }
  }
}
