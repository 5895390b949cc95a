import CHostHooks
import RTCPrimitives
import RTCTransport
import TestSupport
import Testing

@Suite struct DTLSDeterminismTests {
  /// Everything that a run puts on the wire, and its keys.
  private struct Outcome: Hashable, Sendable {
    var sent: [DTLSPair.Sent]
    var keys: SRTPKeys?
    var fingerprint: String
  }

  /// Some handshakes over a line that loses every fifth datagram, with one seed.
  private static func outcomes(seed: UInt64, handshakes: Int = 4) throws -> [Outcome] {
    let host = SeededHost(seed: seed)
    let provider = try CryptoProvider(host: host.host)
    return try (0..<handshakes).map { index in
      let pair = try DTLSPair(provider, name: "pair\(index)")
      var loss = SeededGenerator(seed: seed, stream: "loss\(index)")
      let passes = { (_: DTLSPair.Sent) in !loss.happens(withProbability: 0.2) }
      pair.start(passing: passes)
      pair.run(passing: passes)
      return Outcome(
        sent: pair.sent, keys: pair.clientKeys,
        fingerprint: try provider.identity(named: "alice").fingerprint.description)
    }
  }

  @Test func `the same seed gives the same bytes at the same times`() throws {
    let first = try Self.outcomes(seed: 1)
    #expect(try Self.outcomes(seed: 1) == first)
    #expect(first.allSatisfy { $0.keys != nil })
    #expect(Set(first.map(\.keys)).count == first.count)
  }

  @Test func `another seed gives other certificates, bytes and keys`() throws {
    let (one, two) = (try Self.outcomes(seed: 1, handshakes: 1)[0], try Self.outcomes(seed: 2, handshakes: 1)[0])
    #expect(one.fingerprint != two.fingerprint)
    #expect(one.sent[0].bytes != two.sent[0].bytes)
    #expect(one.keys != two.keys)
  }

  @Test func `simulations on several threads do not disturb each other`() async throws {
    let alone = try (1...4).map { try Self.outcomes(seed: UInt64($0)) }
    let together = try await withThrowingTaskGroup(of: (Int, [Outcome]).self) { group in
      for index in 0..<8 {
        group.addTask { (index, try Self.outcomes(seed: UInt64(index % 4 + 1))) }
      }
      var results: [Int: [Outcome]] = [:]
      for try await (index, outcomes) in group { results[index] = outcomes }
      return (0..<8).map { results[$0] }
    }
    for index in 0..<8 { #expect(together[index] == alone[index % 4]) }
  }

  @Test func `one more transport or identity leaves the others as they are`() throws {
    func keys(withMore: Bool) throws -> (SRTPKeys?, [DTLSPair.Sent]) {
      let host = SeededHost(seed: 3)
      let provider = try CryptoProvider(host: host.host)
      if withMore {
        _ = try provider.identity(named: "carol")
        let other = try DTLSPair(provider, name: "other")
        other.start()
        other.run()
      }
      let pair = try DTLSPair(provider)
      pair.start()
      pair.run()
      return (pair.clientKeys, pair.sent)
    }
    let (alone, beside) = (try keys(withMore: false), try keys(withMore: true))
    #expect(alone.0 != nil)
    #expect(alone == beside)
  }

  @Test func `a run that moves between threads stays the same`() async throws {
    // The pieces run one after another, each on whatever thread the pool gives it.
    final class Journey: @unchecked Sendable {
      let pair: DTLSPair
      init() throws { pair = try DTLSPair(CryptoProvider(host: SeededHost(seed: 5).host)) }
    }
    let moving = try await Task.detached { try Journey() }.value
    await Task.detached { moving.pair.start() }.value
    for step in 1...6 {
      await Task.detached { moving.pair.run(until: .start + .milliseconds(10 * step)) }.value
    }
    let staying = try Journey()
    staying.pair.start()
    staying.pair.run()
    #expect(moving.pair.isConnected)
    #expect(moving.pair.sent == staying.pair.sent)
  }

  @Test func `the system's host draws from the system`() throws {
    func outcome() throws -> (fingerprint: DTLSFingerprint, hello: [UInt8]) {
      let provider = try CryptoProvider()
      let pair = try DTLSPair(provider)
      pair.start()
      pair.run(until: .start + .milliseconds(100))
      #expect(pair.isConnected)
      return (try provider.identity(named: "alice").fingerprint, pair.sent[0].bytes)
    }
    let (one, two) = (try outcome(), try outcome())
    #expect(one.fingerprint != two.fingerprint)
    #expect(one.hello != two.hello)
  }

  @Test func `OpenSSL asks only the virtual clock and the seeded dice`() throws {
    let seeded = SeededHost(seed: 6)
    let pair = try DTLSPair(CryptoProvider(host: seeded.host))
    pair.start()
    pair.run()
    let counts = hosthooks_environment_counts(seeded.environment)
    #expect(counts.gettimeofday_calls > 0 && counts.time_calls > 0)
    #expect(counts.getrandom_calls == 0)
    #expect(hosthooks_library_draws(seeded.library) > 0)
  }
}
