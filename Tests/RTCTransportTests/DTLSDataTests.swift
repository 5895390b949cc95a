import RTCPrimitives
import RTCTransport
import TestSupport
import Testing

@Suite struct DTLSDataTests {
  private func connected(serverKnowsClient: Bool = true) throws -> DTLSPair {
    let pair = try DTLSPair(
      CryptoProvider(host: SeededHost(seed: 1).host), serverKnowsClient: serverKnowsClient)
    pair.start()
    pair.run()
    return pair
  }

  @Test func `messages cross in both directions as one datagram each`() throws {
    let pair = try connected()
    let before = pair.sent.count
    pair.send(.client, [1, 2, 3])
    pair.send(.client, [4])
    pair.send(.server, Array(repeating: 9, count: 1163))
    pair.run()
    #expect(pair.serverMessages == [[1, 2, 3], [4]])
    #expect(pair.clientMessages == [Array(repeating: 9, count: 1163)])
    #expect(pair.sent.count == before + 3)
    #expect(pair.flights(of: .client).allSatisfy { !$0.contains("ApplicationData") })
  }

  @Test func `the largest message fills a datagram to the MTU`() throws {
    let configuration = DTLSTransport.Configuration()
    #expect(configuration.maxMessageSize == 1163)
    let pair = try connected()
    pair.send(.client, Array(repeating: 1, count: configuration.maxMessageSize))
    #expect(pair.sent.last?.bytes.count == configuration.mtu)
  }

  @Test func `a message that comes before the fingerprint waits for it`() throws {
    let pair = try connected(serverKnowsClient: false)
    #expect(pair.client.state == .connected && pair.server.state == .connecting)
    pair.send(.client, [7])
    pair.run()
    #expect(pair.serverMessages.isEmpty)
    pair.tellServer(try CryptoProvider(host: SeededHost(seed: 1).host).identity(named: "alice").fingerprint)
    #expect(pair.server.state == .connected)
    #expect(pair.serverMessages == [[7]])
  }

  @Test func `a message of a peer with a wrong certificate is never handed over`() throws {
    let pair = try connected(serverKnowsClient: false)
    pair.send(.client, [7])
    pair.run()
    pair.tellServer(try CryptoProvider(host: SeededHost(seed: 2).host).identity(named: "mallory").fingerprint)
    #expect(pair.server.state == .failed)
    #expect(pair.serverMessages.isEmpty)
  }

  @Test func `what is to be sent before the handshake or after the end is refused`() throws {
    let pair = try DTLSPair(CryptoProvider(host: SeededHost(seed: 1).host))
    #expect(!pair.send(.client, [1]))
    pair.start()
    pair.run()
    pair.close(.client)
    #expect(!pair.send(.client, [1]))
  }
}
