import RTCPrimitives
import RTCSession
import RTCWire
import SimNodes
import Testing

@testable import SimSessions

/// The histories of the shipped calls, recorded once.
enum Calls {
  static let names = ["textbook-call", "two-peers", "two-peers-relay", "two-peers-turn"]

  static func run(_ name: String) throws -> HistoryRun { try HistoryRun(models.scenario(name)) }

  static func history(_ name: String) throws -> History { try run(name).record() }
}

struct HistoryTests {
  @Test func `the whole flow of a call is there, in order`() throws {
    let history = try Calls.history("two-peers")
    let flow: [(String, Milestone.Kind)] = [
      ("client-2", .getUserMedia), ("client-2", .connectionCreated), ("client-2", .trackAdded),
      ("client-2", .createOffer), ("client-2", .setLocalOffer), ("client-2", .signalingHaveLocalOffer),
      ("client-2", .offerSent), ("client-2", .candidateGathered), ("client-2", .candidateSent),
      ("client-1", .offerReceived), ("client-1", .setRemoteOffer), ("client-1", .signalingHaveRemoteOffer),
      ("client-1", .ontrack), ("client-1", .createAnswer), ("client-1", .setLocalAnswer),
      ("client-1", .signalingStable), ("client-1", .answerSent), ("client-1", .candidateReceived),
      ("client-1", .checkSent),
      ("client-2", .answerReceived), ("client-2", .setRemoteAnswer), ("client-2", .signalingStable),
      ("client-2/nat", .datagramDropped), ("client-2", .checkSucceeded), ("client-2", .iceConnected),
      ("client-1", .flightSent), ("client-2", .fingerprintVerified), ("client-2", .keysExported),
      ("client-2", .connected), ("client-2", .firstRTPSent), ("client-1", .firstRTPReceived),
      ("client-1", .firstRTCPSent), ("client-2", .firstRTCPReceived), ("client-1", .firstFrameDecoded),
      ("client-2", .nominatingCheckSent), ("client-1", .pairSelected), ("client-1", .iceCompleted),
      ("client-2", .hangUp), ("client-1", .peerLeft), ("client-1", .dtlsClosed), ("client-1", .iceClosed),
    ]
    var place = 0
    for (lane, kind) in flow {
      let next = history.moments[place...].first { $0.lane == lane && $0.milestone.kind == kind }
      place = try #require(next, "\(kind) of \(lane) after moment \(place)").number
    }
    #expect(history.moments.map(\.number) == Array(history.moments.indices))
  }

  @Test(arguments: Calls.names)
  func `running a call again gives the same moments, field by field`(_ name: String) throws {
    let run = try Calls.run(name)
    let (first, second) = (run.record(), run.record())
    #expect(first.moments.count > 90)
    for (one, other) in zip(first.moments, second.moments) { #expect(one == other) }
    #expect(first == second)
  }

  @Test(arguments: Calls.names)
  func `writing a call down changes nothing in it`(_ name: String) throws {
    var options = SessionRun.Options()
    options.isDetailed = true
    let plain = try SessionRun(models.scenario(name), options: options).run().milestones
    let history = try Calls.history(name)
    let end = try #require(plain.first { $0.kind == .hangUp }).time
    let told = history.moments.map(\.milestone).filter { $0.kind != .datagramDropped && $0.time < end }
    func facts(_ milestones: [Milestone]) -> [String] {
      milestones.map { "\($0.time.milliseconds) \($0.node) \($0.name) \($0.detail)" }
    }
    // Frames are noted when they are decoded, which lies a little ahead, so that order is by time and place.
    #expect(facts(told).sorted() == facts(plain.filter { $0.time < end }).sorted())
  }

  @Test func `each step of the negotiation shows the state before what follows from it`() throws {
    let history = try Calls.history("two-peers")
    func end(_ kind: Milestone.Kind, _ lane: String) throws -> ConnectionSnapshot {
      let moment = try #require(history.moments.first { $0.milestone.kind == kind && $0.lane == lane })
      return try #require(moment.ends.first { $0.node == lane }?.connections.first)
    }
    let created = try end(.createOffer, "client-2")
    #expect(created.signalingState == "stable" && created.pendingLocal == nil && created.iceGatheringState == "new")
    let offered = try end(.setLocalOffer, "client-2")
    #expect(offered.signalingState == "have-local-offer" && offered.pendingLocal?.type == "offer")
    let asked = try end(.setRemoteOffer, "client-1")
    #expect(asked.signalingState == "have-remote-offer" && asked.pendingRemote?.type == "offer")
    #expect(asked.pendingRemote?.description == offered.pendingLocal?.description)
    let answered = try end(.setLocalAnswer, "client-1")
    #expect(answered.signalingState == "stable" && answered.pendingRemote == nil)
    #expect(answered.currentLocal?.type == "answer" && answered.currentRemote?.type == "offer")
    let agreed = try end(.setRemoteAnswer, "client-2")
    #expect(agreed.signalingState == "stable")
    #expect(agreed.currentLocal?.type == "offer" && agreed.currentRemote?.type == "answer")
    #expect(agreed.currentRemote?.description == answered.currentLocal?.description)
  }

  @Test(arguments: Calls.names)
  func `what one end sends with, the other receives with, under the certificates that were announced`(
    _ name: String
  ) throws {
    let history = try Calls.history(name)
    let ready = try #require(history.moments.last { $0.milestone.kind == .connected })
    let ends = try ready.ends.map { try #require($0.connections.last) }
    let keys = try ends.map { try #require($0.srtp) }
    #expect(keys[0].sendKey == keys[1].receiveKey && keys[1].sendKey == keys[0].receiveKey)
    #expect(keys[0].sendKey != keys[0].receiveKey)
    #expect(ends[0].dtls.localFingerprint == ends[1].dtls.remoteFingerprint)
    #expect(ends[1].dtls.localFingerprint == ends[0].dtls.remoteFingerprint)
    #expect(Set(ends.map(\.dtls.role)) == ["client", "server"])
  }

  @Test(arguments: Calls.names)
  func `a moment that sends something has the message that was sent`(_ name: String) throws {
    let history = try Calls.history(name)
    let sending = history.moments.filter { $0.milestone.kind.sentMessage != nil }
    #expect(sending.count > 20)
    for moment in sending {
      let message = history.messages[try #require(moment.message, "moment \(moment.number) \(moment.title)")]
      #expect(message.sender == moment.lane)
      #expect(message.sentAt >= moment.time && message.sentAt - moment.time < .milliseconds(5))
      if let transaction = moment.milestone.transaction {
        let content = MessageContent(of: message.bytes.span, elided: message.elided)
        #expect(content.transaction == transaction)
      }
      if moment.milestone.kind == .flightSent { #expect(message.title.contains(moment.milestone.detail)) }
    }
  }

  @Test(arguments: Calls.names)
  func `every message has a sender, a way in order of time, and an end`(_ name: String) throws {
    let history = try Calls.history(name)
    let lanes = Set(history.lanes.map(\.name))
    for message in history.messages {
      #expect(message.path.allSatisfy { lanes.contains($0.lane) })
      #expect(zip(message.path, message.path.dropFirst()).allSatisfy { $0.time <= $1.time })
      #expect(!(message.isDelivered && message.dropped != nil))
      if !message.isDelivered, message.dropped == nil {
        #expect(message.sentAt + .milliseconds(600) > .start + history.duration, "\(message.number) is lost silently")
      }
    }
    let translated = history.messages.filter { $0.path.contains { $0.lane.hasSuffix("/nat") } && $0.isDelivered }
    #expect(
      translated.allSatisfy { $0.path[0].source != $0.end.source || $0.path[0].destination != $0.end.destination })
  }

  @Test func `a history knows a moment by a word`() throws {
    let history = try Calls.history("two-peers")
    let hello = try #require(history.moment(containing: "clienthello", from: 0))
    #expect(history.moments[hello].milestone.detail == "ClientHello")
    #expect(history.moment(containing: "ClientHello", from: hello + 1) == nil)
    #expect(history.moment(containing: "no such word", from: 0) == nil)
  }

  @Test func `every kind of moment is explained at two depths, with its section`() {
    for kind in Milestone.Kind.allCases {
      for text in [kind.explanation.first, kind.explanation.engineer] {
        #expect(text.hasSuffix(".") || text.hasSuffix("?"), "\(kind)")
      }
      #expect(kind.explanation.first != kind.explanation.engineer)
      #expect(
        kind.rfc.contains("§") || [.whatIf, .peerLeft, .datagramDropped, .natRestarted].contains(kind), "\(kind)")
    }
  }

  @Test func `only a call of two can be written down`() throws {
    func message(_ text: String) -> String {
      SimSessionsTests.message { _ = try HistoryRun(scenario(text)) }
    }
    #expect(message("{ topology: 'mesh', participants: 3 }").contains("'mesh' with 3 participants found, allowed"))
    #expect(message("{ topology: 'sfu', participants: 2 }").contains("topology 'sfu'"))
    #expect(message("{ topology: 'mesh', participants: 2, fidelity: 'model' }").contains("fidelity 'model' found"))
  }
}

struct TextbookTests {
  /// The time line of textbooks, in milliseconds.
  private static let expected: [(title: String, lane: String, kind: Milestone.Kind, detail: String, time: Double)] = [
    ("click on Call", "client-2", .call, "", 0), ("camera", "client-2", .getUserMedia, "", 10),
    ("PeerConnection", "client-2", .connectionCreated, "", 200), ("offer", "client-2", .offerSent, "", 210),
    ("the friend has it", "client-1", .offerReceived, "", 500), ("answer sent", "client-1", .answerSent, "", 520),
    ("answer received", "client-2", .answerReceived, "", 800),
    ("candidates", "client-2", .candidateReceived, "host", 810),
    ("STUN", "client-1", .candidateGathered, "srflx", 1000),
    ("checks", "client-2", .checkSent, "198.18.0.1", 1200), ("connected", "client-2", .connected, "", 1500),
    ("media", "client-2", .firstRTPSent, "", 1510),
  ]

  @Test func `the textbook's time line appears in its order and within 100 ms of its times`() throws {
    let history = try Calls.history("textbook-call")
    var last = -1
    for step in Self.expected {
      let moment = try #require(
        history.moments.first {
          $0.lane == step.lane && $0.milestone.kind == step.kind
            && (step.detail.isEmpty || $0.milestone.detail.contains(step.detail))
        }, "\(step.title)")
      #expect(abs(moment.time.milliseconds - step.time) < 100, "\(step.title) at \(moment.time.milliseconds)")
      #expect(moment.number > last, "\(step.title)")
      last = moment.number
    }
  }

  @Test func `it says which delays are people's and which the network's`() throws {
    let notes = try Calls.history("textbook-call").notes
    #expect(notes[0].hasPrefix("People and applications: camera and microphone allowed after 10.0 ms"))
    #expect(notes[1].contains("signaling server takes 290.0 ms, the STUN server answers after 440.0 ms"))
    #expect(try Calls.history("two-peers").notes[0].contains("every delay is the network's"))
  }
}
