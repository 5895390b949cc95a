import RTCPrimitives
import Testing

/// - SeeAlso: RFC 6890 and the IANA Special-Purpose Address Registries
@Suite struct AddressScopeTests {
  @Test(arguments: [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255",
    "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7",
    "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "100::1", "2001::1", "2001:db8::1", "3fff::1", "fc00::1", "fd12::1", "fe80::1", "fec0::1", "ff02::1",
    "5f00::1", "64:ff9b:1::1",
  ])
  func `an address of a special block is not global`(text: String) throws {
    #expect(try #require(IPAddress(text)).isGlobal == false)
  }

  @Test(arguments: [
    "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "192.0.1.1",
    "198.17.0.1", "198.20.0.0", "223.255.255.255", "2606:4700::1111", "2a00:1450::1", "2001:4860:4860::8888",
  ])
  func `an address of the Internet is global`(text: String) throws {
    #expect(try #require(IPAddress(text)).isGlobal)
  }

  @Test(arguments: [
    ("::ffff:127.0.0.1", "127.0.0.1"), ("::10.0.0.1", "10.0.0.1"), ("64:ff9b::192.168.0.1", "192.168.0.1"),
    ("2002:7f00:1::1", "127.0.0.1"), ("::1", "::1"), ("::", "::"), ("2001:db8::1", "2001:db8::1"),
    ("192.0.2.1", "192.0.2.1"),
  ])
  func `an IPv6 address that stands for an IPv4 address gives that away`(text: String, plain: String) throws {
    #expect(try #require(IPAddress(text)).withoutMapping == IPAddress(plain))
  }
}
