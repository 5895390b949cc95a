import Glibc

/// Owns a descriptor of the operating system, which is closed with it.
struct FileDescriptor: ~Copyable {
  let number: Int32

  /// - Parameter number: what `operation` returned; negative when it failed.
  /// - Throws: `SocketError.system`.
  init(_ number: Int32, _ operation: String) throws(SocketError) {
    guard number >= 0 else { throw .last(operation) }
    self.number = number
  }

  deinit { close(number) }
}

extension FileDescriptor {
  /// A non-blocking socket that no child process inherits.
  static func socket(_ type: __socket_type, for family: sa_family_t) throws(SocketError) -> FileDescriptor {
    let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let made = try FileDescriptor(Glibc.socket(Int32(family), Int32(type.rawValue) | flags, 0), "socket")
    if Int32(family) == AF_INET6 { try made.set(1, IPV6_V6ONLY, of: Int32(IPPROTO_IPV6), "IPV6_V6ONLY") }
    return made
  }

  /// No call waits from now on, and no child process inherits the descriptor.
  func makeNonblocking() throws(SocketError) {
    guard fcntl(number, F_SETFL, O_NONBLOCK) == 0, fcntl(number, F_SETFD, FD_CLOEXEC) == 0 else {
      throw .last("fcntl")
    }
  }

  /// Sets an option that is a number.
  func set(
    _ value: Int32, _ option: Int32, of level: Int32 = SOL_SOCKET, _ name: String
  ) throws(SocketError) {
    var value = value
    guard setsockopt(number, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
      throw .last("setsockopt \(name)")
    }
  }

  /// The error that waits on a socket, such as that of a connection that was refused; 0 for none.
  func takeError() -> Int32 {
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(number, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else { return errno }
    return code
  }
}
