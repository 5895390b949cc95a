/// Why a server could not be started.
public enum WebServerError: Error, Equatable, CustomStringConvertible {
  case notAnAddress(String)
  case portInUse(address: String, port: UInt16)
  case cannotListen(address: String, port: UInt16, reason: String)
  /// libwebsockets gave no context.
  case noContext

  public var description: String {
    switch self {
    case .notAnAddress(let text):
      "\"\(text)\" is no IPv4 or IPv6 address; use 127.0.0.1 to serve this machine only"
    case .portInUse(let address, let port):
      "port \(port) of \(address) is in use; stop the program that listens there, or choose another port (0 takes any)"
    case .cannotListen(let address, let port, let reason):
      "cannot listen on port \(port) of \(address): \(reason); choose an address of this machine and a port above 1023"
    case .noContext: "libwebsockets could not be started; is there enough memory, and are there file descriptors left?"
    }
  }
}
