import Glibc
import RTCPrimitives

/// An endpoint as the operating system writes it.
///
/// - Note: Link-local IPv6 addresses need the number of an interface, which an `Endpoint` does not have; they cannot be
///   reached.
struct SocketAddress {
  private var storage: sockaddr_storage
  private(set) var length: socklen_t

  /// Room for an address of any family.
  init() {
    storage = sockaddr_storage()
    length = socklen_t(MemoryLayout<sockaddr_storage>.size)
  }

  init(_ endpoint: Endpoint) {
    self.init()
    switch endpoint.address.family {
    case .ipv4:
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = endpoint.port.bigEndian
      address.sin_addr.s_addr = endpoint.address.v4Bits.bigEndian
      store(address)
    case .ipv6:
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = endpoint.port.bigEndian
      withUnsafeMutableBytes(of: &address.sin6_addr) {
        $0.storeBytes(of: endpoint.address.high.bigEndian, as: UInt64.self)
        $0.storeBytes(of: endpoint.address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
      }
      store(address)
    }
  }

  /// Copies what a call such as `getifaddrs` tells.
  init(copying address: UnsafePointer<sockaddr>) {
    self.init()
    switch Int32(address.pointee.sa_family) {
    case AF_INET: store(UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self))
    case AF_INET6: store(UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self))
    default: storage.ss_family = address.pointee.sa_family
    }
  }

  var family: sa_family_t { storage.ss_family }

  /// `nil` when it is neither IPv4 nor IPv6.
  var endpoint: Endpoint? {
    withUnsafeBytes(of: storage) { bytes in
      switch Int32(family) {
      case AF_INET:
        let address = bytes.load(as: sockaddr_in.self)
        return Endpoint(IPAddress(v4: UInt32(bigEndian: address.sin_addr.s_addr)), UInt16(bigEndian: address.sin_port))
      case AF_INET6:
        let address = bytes.load(as: sockaddr_in6.self)
        let (high, low) = withUnsafeBytes(of: address.sin6_addr) {
          (
            UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)),
            UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
          )
        }
        return Endpoint(IPAddress(v6High: high, low: low), UInt16(bigEndian: address.sin6_port))
      default: return nil
      }
    }
  }

  /// Lends the address to a call that reads it.
  func read<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafeBytes(of: storage) { bytes in
      body(bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), length)
    }
  }

  /// Lends the room to a call that writes an address.
  mutating func write<Result>(
    _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Result
  ) -> Result {
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    defer { self.length = length }
    return withUnsafeMutableBytes(of: &storage) { bytes in
      body(bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
    }
  }

  private mutating func store<Address>(_ address: Address) {
    withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: Address.self) }
    length = socklen_t(MemoryLayout<Address>.size)
  }
}

extension FileDescriptor {
  /// Gives a socket its address.
  ///
  /// - Returns: the address with the port that was free when `endpoint` names none.
  func bind(to endpoint: Endpoint, _ transport: TransportProtocol) throws(SocketError) -> Endpoint {
    let status = SocketAddress(endpoint).read { Glibc.bind(number, $0, $1) }
    guard status == 0 else { throw .cannotBind(endpoint, transport, code: errno) }
    return try localEndpoint()
  }

  func localEndpoint() throws(SocketError) -> Endpoint {
    var address = SocketAddress()
    guard address.write({ getsockname(number, $0, $1) }) == 0, let bound = address.endpoint else {
      throw .last("getsockname")
    }
    return bound
  }
}
