import RTCPrimitives
import RTCWire
import TestSupport
import Testing

/// A ClientHello as OpenSSL 3.0 sends it for DTLS-SRTP; tshark 4 reads the same suites, groups and profiles out of it.
struct DTLSHelloTests {
  private static let clientHello = bytes(
    hex: """
      16feff0000000000000000009901 00008d000000000000008dfefd14916fcdc47f79487f9b90729670af64ad3537bbbab9bafd0aebd21a7a35c1
      020000000ec02bc02fc02cc030cca9cca800ff01000055000b000403000102000a00080006001d00170018000e0007000400070001000016
      000000170000000d002a0028040305030603080708080809080a080b080408050806040105010601030303010302040205020602
      """)

  private func hello(_ bytes: [UInt8]) throws -> DTLSHello? {
    let record = try DTLSRecord(parsing: bytes.span, at: 0)
    guard case .handshake(let fragments) = record.content else { return nil }
    return try fragments.first.flatMap { try DTLSHello($0, of: bytes.span) }
  }

  @Test func `a ClientHello is read to its last extension`() throws {
    let bytes = Self.clientHello
    let hello = try #require(try hello(bytes))
    #expect(hello.version == 0xFEFD && hello.random.count == 32 && hello.sessionID.isEmpty)
    #expect(hello.cookie?.isEmpty == true)
    #expect(bytes[hello.cipherSuites].prefix(2) == [0xC0, 0x2B] && hello.cipherSuites.count == 14)
    #expect(hello.extensions.map(\.type) == [11, 10, 14, 22, 23, 13])
    #expect(hello.extensions.last?.body.upperBound == bytes.count)
    #expect(Array(bytes[hello.extensions[2].body]) == [0, 4, 0, 7, 0, 1, 0])
  }

  @Test func `lengths that reach beyond the message are told, and nothing else happens`() {
    var generator = SeededGenerator(seed: 11, stream: "hello")
    var failures = 0
    for _ in 0..<20_000 {
      var bytes = Self.clientHello
      // Behind the headers of record and fragment, which have tests of their own.
      let place = 25 + Int(generator.next() % UInt64(bytes.count - 25))
      bytes[place] = UInt8(truncatingIfNeeded: generator.next())
      do { _ = try hello(bytes) } catch { failures += 1 }
    }
    #expect(failures > 500)
  }
}
