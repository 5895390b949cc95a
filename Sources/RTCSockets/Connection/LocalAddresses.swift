import Glibc
public import RTCPrimitives

/// The addresses of this machine.
public enum LocalAddresses {
  /// Those of an interface that is up, such as `eth0`, in the system's order; link-local IPv6 addresses are left out.
  ///
  /// - Throws: `SocketError.unknownInterface`.
  public static func ofInterface(_ name: String) throws(SocketError) -> [IPAddress] {
    let all = try all()
    let found = all.filter { $0.interface == name }.map(\.address)
    guard !found.isEmpty else {
      var known: [String] = []
      for entry in all where !known.contains(entry.interface) { known.append(entry.interface) }
      throw .unknownInterface(name, known: known)
    }
    return found
  }

  /// Every address with its interface, in the system's order.
  ///
  /// - Throws: `SocketError.system`.
  public static func all() throws(SocketError) -> [(interface: String, address: IPAddress)] {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { throw .last("getifaddrs") }
    defer { freeifaddrs(first) }
    var found: [(interface: String, address: IPAddress)] = []
    var next = first
    while let entry = next?.pointee {
      next = entry.ifa_next
      guard entry.ifa_flags & UInt32(IFF_UP) != 0, let pointer = entry.ifa_addr,
        let address = SocketAddress(copying: pointer).endpoint?.address,
        !(address.family == .ipv6 && address.isLinkLocal)
      else { continue }
      found.append((String(cString: entry.ifa_name), address))
    }
    return found
  }
}
