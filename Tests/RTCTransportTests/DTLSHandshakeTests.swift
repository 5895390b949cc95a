import CHostHooks
import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport
import Testing

@Suite struct DTLSHandshakeTests {
  private let seeded = SeededHost(seed: 7)

  @Test func `a handshake takes four flights and two round trips`() throws {
    let pair = try DTLSPair(CryptoProvider(host: seeded.host))
    pair.start()
    pair.run()
    #expect(
      pair.flights(of: .client) == [
        "ClientHello", "Certificate, ClientKeyExchange, CertificateVerify, ChangeCipherSpec, Finished",
      ])
    #expect(
      pair.flights(of: .server) == [
        "ServerHello, Certificate, ServerKeyExchange, CertificateRequest, ServerHelloDone",
        "ChangeCipherSpec, Finished",
      ])
    #expect(pair.isConnected)
    #expect(pair.now == .start + .milliseconds(40))
    #expect(pair.client.cipherSuite == "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")
    #expect(pair.client.hasExtendedMasterSecret && pair.server.hasExtendedMasterSecret)
    #expect(pair.client.nextTimeout == nil && pair.server.nextTimeout == nil)
  }

  @Test(arguments: SRTPProfile.allCases)
  func `the sides export mirrored keys of the wanted profile`(profile: SRTPProfile) throws {
    var configuration = DTLSTransport.Configuration()
    configuration.srtpProfiles = [profile]
    let pair = try DTLSPair(CryptoProvider(host: seeded.host), client: configuration)
    pair.start()
    pair.run()
    let client = try #require(pair.clientKeys)
    let server = try #require(pair.serverKeys)
    #expect(client.profile == profile)
    #expect(client.local == server.remote && client.remote == server.local)
    #expect(client.local != client.remote)
    #expect(client.local.salt.count == profile.saltLength)
  }

  @Test func `without a shared profile both sides fail`() throws {
    var gcm = DTLSTransport.Configuration()
    gcm.srtpProfiles = [.aeadAES128GCM]
    var cm = DTLSTransport.Configuration()
    cm.srtpProfiles = [.aes128CMHMACSHA1_80]
    let pair = try DTLSPair(CryptoProvider(host: seeded.host), client: gcm, server: cm)
    pair.start()
    pair.run()
    #expect(pair.clientKeys == nil && pair.serverKeys == nil)
    #expect(pair.clientEvents.contains(.failed(.noSharedSRTPProfile)))
    #expect(pair.client.state == .failed && pair.server.state != .connected)
  }

  @Test func `a client that expects another certificate refuses, and the server learns why`() throws {
    let provider = try CryptoProvider(host: seeded.host)
    let mallory = try provider.identity(named: "mallory").fingerprint
    let pair = try DTLSPair(provider, expectedByClient: mallory)
    pair.start()
    pair.run()
    let bob = try provider.identity(named: "bob").fingerprint
    #expect(pair.clientEvents.contains(.failed(.fingerprintMismatch(presented: bob))))
    #expect(pair.serverEvents.contains(.failed(.alertReceived(DTLSAlert(level: .fatal, code: 42)))))
    #expect(pair.clientKeys == nil && pair.serverKeys == nil)
    #expect(pair.flights(of: .client).last == "Alert(bad_certificate)")
  }

  @Test func `a server that does not know the fingerprint yet is connected only once it does`() throws {
    let provider = try CryptoProvider(host: seeded.host)
    let pair = try DTLSPair(provider, serverKnowsClient: false)
    pair.start()
    pair.run()
    #expect(pair.client.state == .connected && pair.server.state == .connecting && pair.serverKeys == nil)
    pair.tellServer(try provider.identity(named: "alice").fingerprint)
    #expect(pair.server.state == .connected)
    #expect(pair.serverKeys?.remote == pair.clientKeys?.local)
  }

  @Test func `a fingerprint that comes late and is wrong fails the handshake`() throws {
    let provider = try CryptoProvider(host: seeded.host)
    let pair = try DTLSPair(provider, serverKnowsClient: false)
    pair.start()
    pair.run()
    pair.tellServer(try provider.identity(named: "bob").fingerprint)
    let alice = try provider.identity(named: "alice").fingerprint
    #expect(pair.serverEvents.last == .failed(.fingerprintMismatch(presented: alice)))
    #expect(pair.serverKeys == nil)
    pair.run()
    #expect(pair.client.state == .closed)
  }

  @Test func `the strongest hash function that was announced decides`() throws {
    let provider = try CryptoProvider(host: seeded.host)
    let bob = try provider.identity(named: "bob")
    let wrong = try #require(DTLSFingerprint(.sha512, digest: Array(repeating: 1, count: 64)))
    let pair = try DTLSPair(provider)
    var output = DTLSTransport.Output()
    pair.client.setRemoteFingerprints([bob.fingerprint, wrong], at: .start, into: &output)
    pair.start()
    pair.run()
    guard case .failed(.fingerprintMismatch(let presented)) = pair.clientEvents.last else {
      Issue.record("the client accepted \(pair.clientEvents)")
      return
    }
    #expect(presented.algorithm == .sha512)
  }

  @Test func `close_notify ends both sides`() throws {
    let pair = try DTLSPair(CryptoProvider(host: seeded.host))
    pair.start()
    pair.run()
    pair.close(.client)
    #expect(pair.client.state == .closed)
    pair.run()
    #expect(pair.serverEvents.last == .closed)
    #expect(pair.server.state == .closed)
  }

  @Test(arguments: [1200, 600, 300])
  func `no datagram is larger than the MTU`(mtu: Int) throws {
    var configuration = DTLSTransport.Configuration()
    configuration.mtu = mtu
    let pair = try DTLSPair(CryptoProvider(host: seeded.host), client: configuration, server: configuration)
    pair.start()
    pair.run()
    #expect(pair.isConnected)
    #expect(pair.sent.allSatisfy { $0.bytes.count <= mtu })
    #expect(pair.sent.contains { $0.bytes.count > mtu / 2 })
  }

  @Test func `an MTU without room for a handshake is refused`() throws {
    let provider = try CryptoProvider(host: seeded.host)
    var configuration = DTLSTransport.Configuration()
    configuration.mtu = 100
    #expect(throws: DTLSError.mtuTooSmall(100, minimum: 256)) {
      _ = try DTLSPair(provider, client: configuration)
    }
    configuration = .init()
    configuration.srtpProfiles = []
    #expect(throws: DTLSError.noSRTPProfile) { _ = try DTLSPair(provider, client: configuration) }
  }

  @Test func `a fingerprint survives its text form`() throws {
    let fingerprint = try CryptoProvider(host: seeded.host).identity(named: "alice").fingerprint
    #expect(fingerprint.description.hasPrefix("sha-256 "))
    #expect(fingerprint.description.utf8.count == 8 + 32 * 3 - 1)
    #expect(DTLSFingerprint(fingerprint.description) == fingerprint)
    #expect(DTLSFingerprint("sha-1 AB:CD") == nil)
    #expect(DTLSFingerprint("sha-256 AB:CD") == nil)
  }

  @Test func `the first timeout follows the round trip of ICE`() {
    func timeout(_ milliseconds: Int) -> Duration {
      DTLSTransport.Configuration.retransmissionTimeout(forRoundTripTime: .milliseconds(milliseconds))
    }
    #expect(
      [1, 25, 100, 2000].map(timeout) == [.milliseconds(50), .milliseconds(50), .milliseconds(200), .seconds(3)])
  }
}
