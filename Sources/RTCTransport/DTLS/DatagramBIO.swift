import COpenSSL

/// OpenSSL's side of a datagram socket: every write is a datagram of its own, every read takes a whole one.
///
/// OpenSSL 3.0 has no memory BIO that keeps datagrams apart (`BIO_s_dgram_mem` came with 3.2).
enum DatagramBIO {
  /// A BIO that reads and writes through `connection`, which must outlive it.
  static func make(for connection: OpenSSLConnection) throws(DTLSError) -> OpaquePointer {
    let method = try OpenSSL.require(method, "BIO_meth_new")
    let bio = try OpenSSL.require(BIO_new(method), "BIO_new")
    BIO_set_data(bio, Unmanaged.passUnretained(connection).toOpaque())
    return bio
  }

  /// The table of the functions below; made once and never changed.
  nonisolated(unsafe) private static let method: OpaquePointer? = {
    let type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK
    guard let method = BIO_meth_new(type, "datagrams") else { return nil }
    BIO_meth_set_create(method) { bio in
      BIO_set_init(bio, 1)
      return 1
    }
    BIO_meth_set_destroy(method) { _ in 1 }
    BIO_meth_set_write(method) { bio, bytes, count in
      guard let connection = DatagramBIO.connection(of: bio), let bytes, count > 0 else { return -1 }
      connection.send(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
      return count
    }
    BIO_meth_set_read(method) { bio, bytes, capacity in
      BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_IO_SPECIAL | BIO_FLAGS_SHOULD_RETRY)
      guard let connection = DatagramBIO.connection(of: bio), let bytes else { return -1 }
      let room = UnsafeMutableRawBufferPointer(start: bytes, count: Int(capacity))
      guard let count = connection.takeIncoming(into: room) else {
        BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
        return -1
      }
      return Int32(count)
    }
    BIO_meth_set_ctrl(method) { bio, command, _, _ in
      guard let connection = DatagramBIO.connection(of: bio) else { return 0 }
      switch command {
      case BIO_CTRL_FLUSH: return 1
      case BIO_CTRL_DGRAM_QUERY_MTU, BIO_CTRL_DGRAM_GET_FALLBACK_MTU, BIO_CTRL_DGRAM_GET_MTU: return connection.mtu
      default: return 0
      }
    }
    return method
  }()

  private static func connection(of bio: OpaquePointer?) -> OpenSSLConnection? {
    guard let bio, let data = BIO_get_data(bio) else { return nil }
    return Unmanaged<OpenSSLConnection>.fromOpaque(data).takeUnretainedValue()
  }
}
