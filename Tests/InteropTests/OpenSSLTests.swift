import Foundation
import RTCPrimitives
import RTCSockets
import RTCTransport
import TestSupport
import Testing

/// Our `DTLSTransport` with OpenSSL's own programs, which export the same keys (RFC 5764 §4.2) or not.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct OpenSSLTests {
  private static func name(_ profile: SRTPProfile) -> String {
    switch profile {
    case .aes128CMHMACSHA1_80: "SRTP_AES128_CM_SHA1_80"
    case .aeadAES128GCM: "SRTP_AEAD_AES_128_GCM"
    }
  }

  private static func options(_ profile: SRTPProfile, _ certificate: Certificate) -> [String] {
    [
      "-dtls1_2", "-cert", certificate.certificate.path, "-key", certificate.key.path, "-use_srtp", name(profile),
      "-keymatexport", "EXTRACTOR-dtls_srtp", "-keymatexportlen", "\(profile.keyingMaterialLength)",
    ]
  }

  /// A certificate of OpenSSL's, and its fingerprint in OpenSSL's words.
  private func withCertificate(_ body: (Certificate, DTLSFingerprint) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "interop-dtls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let certificate = try Certificate(in: folder)
    let printed = try RunningProgram(try #require(Installed.openssl)) { _ in
      ["x509", "-in", certificate.certificate.path, "-noout", "-fingerprint", "-sha256"]
    }.finish().output
    let hexadecimal = try #require(printed.split(separator: "=").last).trimmingCharacters(in: .newlines)
    try body(certificate, try #require(DTLSFingerprint("sha-256 \(hexadecimal)")))
  }

  private func expectSameKeys(_ program: RunningProgram, _ endpoint: DTLSEndpoint, on loop: SocketLoop) throws {
    let end = loop.clock.now + .seconds(20)
    loop.run(asking: .milliseconds(20)) {
      endpoint.keys == nil && endpoint.failure == nil && program.isRunning && loop.clock.now < end
    }
    let material = try #require(endpoint.keyingMaterial, "\(program.finish(SIGKILL).output)")
    let exported = try #require(program.readLine(after: "Keying material: "))
    #expect(exported.lowercased() == material.map { String(format: "%02x", $0) }.joined())
  }

  @Test(
    .interop(.openssl, "s_client: same SRTP keys as our DTLS server, both profiles"), arguments: SRTPProfile.allCases)
  func `OpenSSL's client exports the keys of our server`(profile: SRTPProfile) throws {
    try withCertificate { certificate, fingerprint in
      let loop = try SocketLoop()
      let endpoint = try DTLSEndpoint(profile, accepting: fingerprint, on: loop)
      let client = try RunningProgram(try #require(Installed.openssl), limit: .seconds(30), awaitsInput: true) { _ in
        ["s_client", "-connect", "127.0.0.1:\(endpoint.port)"] + Self.options(profile, certificate)
      }
      try expectSameKeys(client, endpoint, on: loop)
    }
  }

  @Test(
    .interop(.openssl, "s_server: same SRTP keys as our DTLS client, both profiles"), arguments: SRTPProfile.allCases)
  func `OpenSSL's server exports the keys of our client`(profile: SRTPProfile) throws {
    try withCertificate { certificate, fingerprint in
      let loop = try SocketLoop()
      let port = try TURNServers.freePorts(1)[0]
      let server = try RunningProgram(try #require(Installed.openssl), limit: .seconds(30), awaitsInput: true) { _ in
        ["s_server", "-accept", "127.0.0.1:\(port)", "-Verify", "1"] + Self.options(profile, certificate)
      }
      _ = try #require(server.readLine(after: "ACCEPT"))
      let endpoint = try DTLSEndpoint(
        profile, connectingTo: Endpoint(TURNServers.loopback, port), accepting: fingerprint, on: loop)
      try expectSameKeys(server, endpoint, on: loop)
    }
  }

  @Test(.interop(.openssl, "s_client with another certificate than announced is refused"))
  func `OpenSSL's client with a certificate that was not announced is refused`() throws {
    try withCertificate { _, announced in
      try withCertificate { certificate, _ in
        let loop = try SocketLoop()
        let endpoint = try DTLSEndpoint(.aeadAES128GCM, accepting: announced, on: loop)
        let client = try RunningProgram(try #require(Installed.openssl), limit: .seconds(30), awaitsInput: true) { _ in
          ["s_client", "-connect", "127.0.0.1:\(endpoint.port)"] + Self.options(.aeadAES128GCM, certificate)
        }
        let end = loop.clock.now + .seconds(20)
        loop.run(asking: .milliseconds(20)) {
          endpoint.keys == nil && endpoint.failure == nil && loop.clock.now < end
        }
        guard case .fingerprintMismatch = endpoint.failure else {
          Issue.record("\(String(describing: endpoint.failure))\n\(client.finish(SIGKILL).output)")
          return
        }
        #expect(endpoint.keys == nil)
      }
    }
  }
}
