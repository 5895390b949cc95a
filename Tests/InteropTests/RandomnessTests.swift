import RTCPrimitives
import RTCSession
import RTCSockets
import RTCTransport
import RTCWire
import Testing

/// Real peers must never meet the simulation's dice.
@Suite struct RandomnessTests {
  @Test func `the system's source of randomness is no seeded generator`() {
    let wrapped = Mirror(reflecting: EntropySource.system).children.map(\.value)
    #expect(wrapped.count == 1 && wrapped[0] is SystemRandomNumberGenerator)
    var source = EntropySource.system
    let part = Mirror(reflecting: source.split()).children.map(\.value)
    #expect(part.count == 1 && part[0] is SystemRandomNumberGenerator)
  }

  @Test func `two connections that do the same share neither keys nor names`() throws {
    let offers = try (0..<2).map { _ in
      let connection = try SocketConnection(.init(), on: try SocketLoop())
      return try connection.perform { core, _, _ throws(PeerConnectionError) in
        core.addTransceiver(.audio, direction: .sendrecv)
        core.addTransceiver(.video, direction: .sendrecv)
        return try core.createOffer().description
      }
    }
    for prefix in ["o=", "a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:", "a=ssrc:", "a=msid:"] {
      let lines = offers.map { offer in
        Set(offer.split(whereSeparator: \.isNewline).filter { $0.hasPrefix(prefix) }.map(String.init))
      }
      #expect(!lines[0].isEmpty && lines[0].isDisjoint(with: lines[1]), "\(prefix) \(lines)")
    }
  }

  /// Each process makes a call with aiortc, which tells what came over the wire.
  @Test(.enabled(if: Installed.python != nil, "make deps-interop installs aiortc"), .timeLimit(.minutes(3)))
  func `two processes that do the same choose nothing alike`() async throws {
    var runs: [[String: [String]]] = []
    for _ in 0..<2 {
      let outcome = try await PeerOutcome.call(
        peer: ["--offer"], script: "call_aiortc.py", ["--seconds", "0", "--messages", "4"])
      runs.append(try #require(outcome.page["random"] as? [String: [String]], "\(outcome.json)"))
    }
    let items = ["session", "ufrag", "pwd", "fingerprint", "ssrc", "cname", "sctpTag"]
    #expect(runs.allSatisfy { $0.keys.sorted() == items.sorted() })
    for item in items {
      let values = runs.map { Set($0[item] ?? []) }
      #expect(!values[0].isEmpty && values[0].isDisjoint(with: values[1]), "\(item) \(values)")
    }
    // Sound, pictures and the retransmissions of these have one each.
    #expect(runs.allSatisfy { $0["ssrc"]?.count == 3 && $0["sctpTag"] != ["0"] }, "\(runs)")
  }

  @Test func `the clock counts from its making and knows the year`() {
    let clock = SystemClock()
    let first = clock.now
    #expect(first >= .start && first < .start + .seconds(1))
    #expect(clock.now >= first)
    // Seconds from 1900 to 2025 and to 2036, when NTP time begins anew.
    #expect((3_944_678_400...UInt32.max).contains(clock.ntp.timestamp(at: first).seconds))
  }
}
