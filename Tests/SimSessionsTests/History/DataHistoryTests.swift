import RTCPrimitives
import RTCWire
import SimNodes
import Testing

@testable import SimSessions

/// Calls with data channels, written down.
struct DataHistoryTests {
  private func history(_ more: String = "client: { nat: 'none' }") throws -> History {
    let scenario = try scenario(
      """
      { topology: 'mesh', participants: 2, duration: '6s', video: null, audio: null,
        data: { chat: { interval: '500ms', size: 300 }, game: { rate: 10, size: 100 } }, \(more) }
      """)
    return try HistoryRun(scenario).record()
  }

  private func times(_ kind: Milestone.Kind, _ lane: String, in history: History) -> [Instant] {
    history.moments.filter { $0.milestone.kind == kind && $0.lane == lane }.map(\.time)
  }

  @Test func `SCTP stands before its channels open, and they before the first message is there`() throws {
    let history = try history()
    for end in history.ends {
      let steps: [Milestone.Kind] = [.dtlsConnected, .sctpEstablished, .dataChannelOpen, .firstDataReceived]
      let first = try steps.map { try #require(times($0, end, in: history).first, "\($0.rawValue)") }
      #expect(first == first.sorted())
      #expect(times(.dataChannelOpen, end, in: history).count == 2)
      for kind in [Milestone.Kind.sctpEstablished, .firstDataSent, .firstDataReceived] {
        #expect(times(kind, end, in: history).count == 1)
      }
    }
    // The offerer's handshake is complete first, and so its COOKIE ECHO is what comes first.
    let (answerer, offerer) = (history.ends[0], history.ends[1])
    #expect(times(.sctpEstablished, answerer, in: history)[0] < times(.sctpEstablished, offerer, in: history)[0])
  }

  @Test func `the outcome and a change say when a channel is open at both ends`() throws {
    let scenario = try scenario(
      """
      { topology: 'mesh', participants: 2, duration: '6s', video: null, audio: null, client: { nat: 'none' },
        data: { chat: { interval: '500ms', size: 300 } } }
      """)
    let run = try HistoryRun(scenario)
    let history = run.record()
    let call = try #require(history.moments.last { $0.milestone.kind == .call }).time
    let opened = try #require(history.last(.dataChannelOpen))
    #expect(
      Diagnosis(history).sentences.contains {
        $0.contains("a data channel is open at both ends after \((opened - call).text) ms")
      })
    let begin = try #require(history.moments.first { $0.milestone.kind == .dtlsConnected })
    let change = try run.record(WhatIf("drop-next", at: begin.number), in: history)
    let later = try #require(change.last(.dataChannelOpen))
    #expect(later > opened)
    #expect(HistoryDifference(history, change).sentence.contains("Data channel open at both ends: \(opened.text) ms"))
  }

  @Test func `the end of a moment shows the association and its channels`() throws {
    let history = try history()
    let opening = try #require(history.moments.first { $0.milestone.kind == .sctpEstablished })
    let before = history.moments[opening.number - 1].ends[0].connections[0]
    #expect(before.sctp?.state == "connecting")
    #expect(opening.ends[0].connections[0].sctp?.state == "connected")
    let received = try #require(history.moments.first { $0.milestone.kind == .firstDataReceived })
    let end = try #require(received.ends.first { $0.node == received.lane })
    #expect(end.connections[0].dataChannels.map(\.label) == ["chat", "game"])
    #expect(end.connections[0].dataChannels.contains { $0.messagesReceived == 1 })
  }

  @Test func `what DTLS hides is known and gives its datagram a name`() throws {
    let history = try history()
    let data = history.messages.filter { $0.plaintext != nil }
    for name in ["SCTP INIT", "SCTP INIT ACK", "SCTP COOKIE ECHO", "SCTP COOKIE ACK", "SCTP DATA_CHANNEL_OPEN"] {
      #expect(data.contains { $0.title == name }, "\(name)")
    }
    #expect(data.contains { $0.title.contains("DATA (binary)") } && data.contains { $0.title.contains("SACK") })
    for message in data {
      let plaintext = try #require(message.plaintext)
      let packet = try SCTPPacket(parsing: plaintext.span)
      #expect(packet.hasValidChecksum && message.kind == .dtls)
    }
    #expect(!history.messages.contains { $0.title == "ApplicationData" })
  }

  @Test func `through a relay the same is known on both parts of the way`() throws {
    let history = try history(
      """
      client: { nat: 'symmetric' }, stun: true, iceTransportPolicy: 'relay', turn: { username: 'a', password: 'b' }
      """)
    let relayed = history.messages.filter { $0.kind == .turn && $0.plaintext != nil }
    #expect(relayed.contains { $0.title.hasSuffix("SCTP INIT") && $0.sender == history.ends[0] })
    #expect(history.messages.contains { $0.title.hasSuffix("SCTP INIT") && $0.sender.hasPrefix("turn") })
  }

  @Test func `of data the first packets of each end are kept, and the call to its end`() throws {
    let history = try history("client: { nat: 'none' }, seed: 2")
    for end in history.ends {
      #expect(history.messages.count { $0.sender == end && $0.plaintext != nil } <= CallRecorder.keptData)
    }
    #expect(!history.isCut && history.moments.contains { $0.milestone.kind == .hangUp })
  }

  @Test func `a call without data shows none`() throws {
    let scenario = try scenario(
      "{ topology: 'mesh', participants: 2, duration: '6s', video: null, client: { nat: 'none' } }")
    let history = try HistoryRun(scenario).record()
    #expect(history.messages.allSatisfy { $0.plaintext == nil })
    let connections = history.moments.flatMap(\.ends).flatMap(\.connections)
    #expect(connections.allSatisfy { $0.sctp == nil && $0.dataChannels.isEmpty })
  }
}
