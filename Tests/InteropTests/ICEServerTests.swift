import RTCPrimitives
import RTCSockets
import RTCTransport
import Testing

/// - SeeAlso: RFC 7064 §3.1, RFC 7065 §3.1
@Suite struct ICEServerTests {
  @Test(
    arguments: [
      ("stun:192.0.2.1", "192.0.2.1", 3478), ("stun:stun.example.org:19302", "stun.example.org", 19302),
      ("STUN:[2001:db8::1]", "2001:db8::1", 3478), ("stun:[2001:db8::1]:5000", "2001:db8::1", 5000),
    ] as [(String, String, UInt16)])
  func `a STUN server is named by a URL`(url: String, host: String, port: UInt16) throws {
    let server = try ICEServer(url: url)
    #expect(server.host == host && server.port == port && server.kind == .stun)
  }

  @Test(
    arguments: [
      ("turn:192.0.2.1", .udp, 3478), ("turn:192.0.2.1?transport=udp", .udp, 3478),
      ("turn:192.0.2.1:80?transport=tcp", .tcp, 80), ("turns:192.0.2.1", .tls, 5349),
      ("turns:192.0.2.1:443?transport=tcp", .tls, 443),
    ] as [(String, RelayProtocol, UInt16)])
  func `a TURN server is named by a URL and needs credentials`(
    url: String, relayProtocol: RelayProtocol, port: UInt16
  ) throws {
    let server = try ICEServer(url: url, username: "a", password: "b")
    #expect(server.port == port && server.kind == .turn(relayProtocol, username: "a", password: "b"))
    #expect(throws: ICEServerError.missingCredentials(url)) { try ICEServer(url: url) }
  }

  @Test(
    arguments: [
      ("", .unknownScheme("")), ("192.0.2.1", .unknownScheme("192.0.2.1")), ("stuns:a", .unknownScheme("stuns:a")),
      ("stun:", .malformed("stun:")), ("stun:a:0", .malformed("stun:a:0")),
      ("stun:a:65536", .malformed("stun:a:65536")),
      ("stun:a:+1", .malformed("stun:a:+1")), ("stun:a b", .malformed("stun:a b")),
      ("stun:[::1", .malformed("stun:[::1")),
      ("stun:[1.2.3.4]", .malformed("stun:[1.2.3.4]")), ("stun:a?transport=udp", .malformed("stun:a?transport=udp")),
      ("turn:a?transport=sctp", .unknownTransport("turn:a?transport=sctp")),
      ("turns:a?transport=udp", .unknownTransport("turns:a?transport=udp")),
    ] as [(String, ICEServerError)])
  func `what names no server is refused`(url: String, error: ICEServerError) {
    #expect(throws: error) { try ICEServer(url: url, username: "a", password: "b") }
  }

  @Test func `an address needs no name server, and localhost is this machine`() throws {
    #expect(try ICEServer(url: "stun:192.0.2.1:1").resolve() == [Endpoint(IPAddress(192, 0, 2, 1), 1)])
    #expect(try ICEServer(url: "stun:localhost:1").resolve().allSatisfy { $0.address.isLoopback && $0.port == 1 })
  }
}
