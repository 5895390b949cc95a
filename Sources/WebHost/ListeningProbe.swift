import Glibc

/// Finds out whether one can listen: libwebsockets does not say why it cannot, and leaks memory when it fails.
enum ListeningProbe {
  static func check(_ address: String, _ port: UInt16) throws(WebServerError) {
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var names: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(address, "\(port)", &hints, &names) == 0, let name = names?.pointee else {
      throw .notAnAddress(address)
    }
    defer { freeaddrinfo(names) }
    let descriptor = socket(name.ai_family, name.ai_socktype, name.ai_protocol)
    guard descriptor >= 0 else {
      throw .cannotListen(address: address, port: port, reason: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    guard bind(descriptor, name.ai_addr, name.ai_addrlen) != 0 else { return }
    let reason = errno
    guard reason != EADDRINUSE else { throw .portInUse(address: address, port: port) }
    throw .cannotListen(address: address, port: port, reason: String(cString: strerror(reason)))
  }
}
