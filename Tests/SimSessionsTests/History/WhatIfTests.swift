import RTCPrimitives
import RTCSession
import SimNodes
import Testing

@testable import SimSessions

struct WhatIfTests {
  private func moment(_ word: String, _ history: History, from start: Int = 0) throws -> Int {
    try #require(history.moment(containing: word, from: start), "\(word)")
  }

  /// A call, and the same with a change at the first moment that has `word`.
  private func fork(_ name: String, at word: String, _ change: String) throws -> (History, History) {
    let run = try Calls.run(name)
    let original = run.record()
    return (original, try run.record(WhatIf(change, at: moment(word, original)), in: original))
  }

  private func first(_ kind: Milestone.Kind, _ lane: String, _ history: History) -> Instant? {
    history.moments.first { $0.milestone.kind == kind && $0.lane == lane }?.time
  }

  @Test(arguments: WhatIfActions.all.map(\.name))
  func `a change leaves everything before it as it was, field by field, and changes what follows`(
    _ action: String
  ) throws {
    let name = action == "stop-turn" ? "two-peers-turn" : "two-peers"
    let (word, change) = Self.example(of: action)
    let (original, fork) = try fork(name, at: word, change)
    let place = try moment(word, original)
    for number in 0...place { #expect(fork.moments[number].isSame(as: original.moments[number]), "\(number)") }
    #expect(fork.moments[place + 1].milestone.kind == .whatIf)
    #expect(fork.traceHash != original.traceHash)
    let difference = HistoryDifference(original, fork)
    #expect(difference.firstFork == place + 1)
    #expect(difference.rows.contains { $0.fork?.milestone.kind == .whatIf })
    #expect(difference.sentence.contains("first differ at moment \(place + 1)"))
  }

  /// Where a change of each kind has something to change.
  private static func example(of action: String) -> (word: String, change: String) {
    switch action {
    case "refuse-camera": ("call", "refuse-camera client-2")
    case "stop-stun", "stop-turn": ("createOffer", action)
    case "stop-signaling": ("offer sent", action)
    case "change-nat": ("createOffer", "change-nat client-1 symmetric")
    case "reboot-nat", "mute", "hold", "add-track", "remove-track", "stop-video", "restart-ice", "change-network",
      "hang-up":
      ("ICE completed", "\(action) client-1")
    default: ("ClientHello", action)
    }
  }

  @Test func `a lost ClientHello delays the handshake by the DTLS timer, twice the round trip of ICE`() throws {
    let (original, fork) = try fork("two-peers", at: "ClientHello", "drop-next")
    let sent = try #require(first(.flightSent, "client-1", original))
    let repeated = try #require(first(.flightRepeated, "client-1", fork))
    let check = try #require(original.moments.first { $0.lane == "client-1" && $0.milestone.kind == .checkSucceeded })
    let pairs = try #require(check.ends[0].connections.first).pairs
    let roundTrip = try #require(pairs.first { $0.state == "succeeded" }?.roundTripTimeMs)
    #expect(abs((repeated - sent).milliseconds - 2 * roundTrip) < 0.001)
    let before = try #require(first(.dtlsConnected, "client-1", original))
    let after = try #require(first(.dtlsConnected, "client-1", fork))
    #expect(abs((after - before).milliseconds - 2 * roundTrip) < 0.01)
    let sentence = HistoryDifference(original, fork).sentence
    #expect(sentence.contains("DTLS connected at both ends: 523.8 ms → 604.2 ms (+80.4 ms)"), "\(sentence)")
    #expect(sentence.contains("The DTLS timer repeated 1 flight"), "\(sentence)")
  }

  @Test func `when the TURN server in use stops, the call goes on through the second one`() throws {
    func call(_ profile: String) throws -> HistoryRun {
      try HistoryRun(
        scenario(
          #"""
          { topology: "mesh", participants: 2, duration: "30s", client: { nat: "symmetric" },
            turn: { username: "u", password: "p", servers: 2 }, ice: { profile: "\#(profile)" } }
          """#))
    }
    func heardUntilTheEnd(_ history: History) -> Bool {
      history.ends.indices.allSatisfy { index in
        history.series.lastReceived(by: index).map { $0 - .start > .seconds(28) } ?? false
      }
    }
    // libwebrtc's agents keep the other relay in reserve and move to it by themselves.
    let chromium = try call("chromium")
    let original = chromium.record()
    let stop = try WhatIf("stop-turn", at: moment("ICE completed", original))
    let moved = try chromium.record(stop, in: original)
    #expect(heardUntilTheEnd(moved), "\(Diagnosis(moved).sentences)")
    let pairs = try #require(moved.moments.last { $0.milestone.kind == .pairSelected }).ends.flatMap(\.connections)
    #expect(pairs.flatMap(\.pairs).contains { $0.isSelected && ($0.local + $0.remote).contains("198.51.100.102") })
    // The RFC's agents conclude; a restart finds the second server.
    let standard = try call("rfc8445")
    let before = standard.record()
    let stopped = try standard.record(WhatIf("stop-turn", at: moment("ICE completed", before)), in: before)
    #expect(!heardUntilTheEnd(stopped))
    let lost = try moment("ICE disconnected", stopped)
    let restarted = try standard.record(WhatIf("restart-ice client-1", at: lost), in: stopped)
    #expect(heardUntilTheEnd(restarted), "\(Diagnosis(restarted).sentences)")
  }

  @Test func `with UDP blocked the relay takes over, and without one the diagnosis says why nobody is connected`()
    throws
  {
    let (_, relayed) = try fork("two-peers-turn", at: "createOffer", "block-udp client-1")
    let success = Diagnosis(relayed)
    #expect(success.isConnected)
    #expect(success.sentences.contains { $0.contains("relay") && $0.contains("relayed by the TURN server") })
    let (_, blocked) = try fork("two-peers", at: "createOffer", "block-udp client-1")
    let failure = Diagnosis(blocked)
    #expect(!failure.isConnected)
    #expect(failure.sentences[0] == "The two never get connected.")
    #expect(failure.sentences.contains { $0.contains("client-1/nat: the firewall blocks UDP") })
    #expect(failure.sentences.last?.contains("There is no TURN server") == true)
  }

  @Test func `each NAT of a chain and one that both share can restart and be exchanged`() throws {
    let run = try HistoryRun(
      scenario(
        """
        { topology: 'mesh', participants: 2, duration: '8s', turn: true,
          client: { nat: 'symmetric+symmetric+symmetric@isp' } }
        """))
    let original = run.record()
    let place = try moment("ICE completed", original)
    let names = ["client-1/nat", "client-1/nat-2", "@isp", "client-2/nat-2", "client-2/nat"]
    let action = try #require(WhatIfActions.all.first { $0.name == "reboot-nat" })
    #expect(WhatIf.targets(of: action, in: original) == names)
    for name in names {
      let fork = try run.record(WhatIf("reboot-nat \(name)", at: place), in: original)
      let change = try #require(fork.moments.first { $0.milestone.kind == .whatIf })
      #expect(change.lane == name && change.milestone.detail.contains("lost its mappings"))
      #expect(fork.traceHash != original.traceHash, "\(name)")
    }
    let exchanged = try run.record(
      WhatIf("change-nat @isp apdm-apdf", at: moment("createOffer", original)), in: original)
    #expect(exchanged.fault == "the NAT @isp is exchanged for one that is apdm-apdf")
    #expect(try WhatIf("reboot-nat client-2", at: place).fault(in: original) == .restartNAT(name: "client-2/nat", nil))
    #expect(try WhatIf("reboot-nat", at: 0).fault(in: original) == .restartNAT(name: "client-1/nat", nil))
    #expect(
      message { _ = try WhatIf("reboot-nat @other", at: place).fault(in: original) }
        .contains("'@other' found, allowed: client-1/nat, client-1/nat-2, @isp"))
  }

  @Test func `a NAT is exchanged for any that has a name, and who is behind it connects as the truth table says`()
    throws
  {
    let run = try Calls.run("two-peers")
    let original = run.record()
    let place = try moment("createOffer", original)
    for (behavior, isConnected) in [("apdm-apdf", false), ("adm-eif", false), ("eim-adf", true), ("full-cone", true)] {
      let fork = try run.record(WhatIf("change-nat client-1 \(behavior)", at: place), in: original)
      #expect(Diagnosis(fork).isConnected == isConnected, "\(behavior)")
    }
    for name in ["open", "udp-blocked", "eim-eif+eim-adf"] {
      let refusal = message { _ = try WhatIf("change-nat client-1 \(name)", at: place).fault(in: original) }
      #expect(refusal.contains("'\(name)' found, allowed: symmetric, port-restricted") && refusal.contains("apdm-apdf"))
    }
  }

  @Test func `a stopped server is missed by those who need it`() throws {
    let (_, silent) = try fork("two-peers", at: "offer sent", "stop-signaling")
    #expect(Diagnosis(silent).sentences.contains { $0.hasPrefix("The offer did not arrive") })
    let (_, blind) = try fork("two-peers", at: "createOffer", "stop-stun")
    #expect(!blind.moments.contains { $0.milestone.detail.hasPrefix("srflx") })
    #expect(!Diagnosis(blind).isConnected)
    let (_, alone) = try fork("two-peers-relay", at: "createOffer", "stop-turn")
    #expect(!Diagnosis(alone).isConnected)
    #expect(
      Diagnosis(alone).sentences.contains { $0.hasPrefix("client-1 gets no answer from the TURN server over UDP") })
    #expect(Diagnosis(alone).sentences.last == "There is a TURN server, but nobody got a relayed address from it.")
  }

  @Test(arguments: [[1, 2], [2, 1]])
  func `of two tracks that are added at once both flow: who was called gives way`(order: [Int]) throws {
    let run = try Calls.run("two-peers")
    let place = try moment("ICE completed", run.record())
    let fork = try run.record(order.map { try WhatIf("add-track client-\($0)", at: place) })
    func lanes(_ kind: Milestone.Kind) -> [String] {
      fork.moments.filter { $0.milestone.kind == kind }.map(\.lane)
    }
    // client-2 came later and called client-1.
    #expect(lanes(.rolledBack) == ["client-1"] && lanes(.offerIgnored) == ["client-2"])
    #expect(lanes(.negotiationFailed).isEmpty)
    let last = try #require(fork.moments.first { $0.milestone.kind == .hangUp }).ends
    for end in last {
      let connection = try #require(end.connections.first)
      #expect(connection.signalingState == "stable")
      let videos = connection.inbound.filter { $0.kind == "video" && $0.framesDecoded ?? 0 > 100 }
      #expect(videos.count == 2, "\(end.node)")
    }
  }

  @Test func `a delayed datagram comes that much later, and a doubled one twice`() throws {
    // Not much more: less than 15 ms before its timer, OpenSSL repeats a flight when anything arrives.
    let (original, delayed) = try fork("two-peers", at: "ClientHello", "delay-next 20ms")
    func arrival(_ title: String, _ history: History) -> [Instant] {
      history.messages.filter { $0.title.hasPrefix(title) && $0.isDelivered }.map(\.end.time)
    }
    let (before, after) = (arrival("ClientHello", original), arrival("ClientHello", delayed))
    #expect(before.count == 1 && after.count == 1)
    #expect(after[0] - before[0] == .milliseconds(20))
    let (_, doubled) = try fork("two-peers", at: "ClientHello", "duplicate-next")
    #expect(arrival("ClientHello", doubled).count == 2)
    #expect(Diagnosis(doubled).isConnected)
  }

  @Test func `a packet of media that is taken off is told of, and asked for again`() throws {
    let (_, fork) = try fork("two-peers", at: "ICE completed", "drop-next client-2.up")
    let dropped = try #require(fork.moments.first { $0.milestone.detail.contains("on purpose") })
    let message = fork.messages[try #require(dropped.message)]
    #expect(message.kind == .rtp && message.sender == "client-2" && message.dropped != nil)
    let end = try #require(fork.moments.first { $0.milestone.kind == .hangUp }).ends[1]
    #expect(
      try #require(end.connections.first).outbound.contains { $0.kind == "video" && $0.nackCount > 0 }
        || message.title.contains("111"))
  }

  @Test func `while a link is cut everything on it is lost, and nothing before or after`() throws {
    let (_, fork) = try fork("two-peers", at: "ICE completed", "cut client-1 1s")
    let cut = try #require(fork.moments.first { $0.milestone.kind == .whatIf }).time
    let lost = fork.messages.filter { $0.dropped == "the link is cut" }
    #expect(!lost.isEmpty)
    #expect(lost.allSatisfy { $0.end.time >= cut && $0.end.time < cut + .seconds(1) })
  }

  @Test func `a person can refuse the camera, and then sends sound only`() throws {
    let (_, fork) = try fork("two-peers", at: "call", "refuse-camera client-2")
    let end = try #require(fork.moments.last { $0.milestone.kind == .connected }).ends[1]
    #expect(end.camera == .refused)
    let lines = try #require(end.connections.first).transceivers
    #expect(lines.first { $0.kind == "video" }?.currentDirection == "recvonly")
    #expect(lines.first { $0.kind == "audio" }?.currentDirection == "sendrecv")
    #expect(!fork.moments.contains { $0.lane == "client-1" && $0.milestone.detail == "video of client-2" })
    let late = WhatIf(moment: fork.moments.count - 1, action: "refuse-camera", target: "client-2")
    #expect(message { _ = try late.fault(in: fork) }.contains("was asked at moment"))
  }

  @Test func `hold makes both directions inactive, and a new track is negotiated and flows`() throws {
    let (_, held) = try fork("two-peers", at: "ICE completed", "hold client-1")
    let last = try #require(held.moments.first { $0.milestone.kind == .hangUp })
    for end in last.ends {
      let lines = try #require(end.connections.first).transceivers
      #expect(lines.map(\.currentDirection) == ["inactive", "inactive"])
    }
    let (_, added) = try fork("two-peers", at: "ICE completed", "add-track client-1")
    let both = try #require(added.moments.first { $0.milestone.kind == .hangUp }).ends
    let receiving = try #require(both[1].connections.first)
    #expect(receiving.transceivers.map(\.kind) == ["audio", "video", "video"])
    #expect(receiving.inbound.filter { $0.kind == "video" && $0.framesDecoded ?? 0 > 100 }.count == 2)
  }

  @Test func `a muted microphone sends three bytes of silence`() throws {
    let (original, muted) = try fork("two-peers", at: "ICE completed", "mute client-1")
    func bytes(_ history: History) throws -> Int {
      let end = try #require(history.moments.first { $0.milestone.kind == .hangUp }).ends[0]
      return try #require(end.connections.first?.outbound.first { $0.kind == "audio" }).bytesSent
    }
    #expect(try bytes(muted) < bytes(original) / 5)
    let lines = try #require(muted.moments.last?.ends[0].connections.first).transceivers
    #expect(lines.map(\.isMuted) == lines.map { $0.kind == "audio" })
  }

  @Test(arguments: [
    ("joining", "client-2", 0), ("joined", "client-2", 1), ("RTCPeerConnection created", "client-2", 1),
    ("offer received", "client-1", 1), ("answer received", "client-2", 1),
  ])
  func `a call that is hung up while it is set up goes no further`(_ place: (String, String, Int)) throws {
    let run = try Calls.run("two-peers")
    let original = run.record()
    let lane = place.1
    let at = try #require(original.moments.first { $0.title == place.0 && $0.lane == lane }).number
    let fork = try run.record(WhatIf("hang-up \(lane)", at: at), in: original)
    #expect(!Diagnosis(fork).isConnected)
    let active = fork.moments.last { $0.milestone.kind != .hangUp && $0.milestone.kind != .dtlsClosed }
    #expect(active.map { $0.time < .start + .seconds(3) } == true, "\(place) ends early")
    for end in try #require(fork.moments.last).ends {
      #expect(end.connections.count <= place.2)
      #expect(end.connections.allSatisfy { $0.connectionState == "closed" }, "\(place) \(end.node)")
    }
  }

  @Test func `restarting ICE gives both new credentials, and media goes on under the old keys`() throws {
    let (original, fork) = try fork("two-peers", at: "ICE completed", "restart-ice client-1")
    let before = try #require(original.moments.first { $0.milestone.kind == .iceCompleted }).ends
    let after = try #require(fork.moments.first { $0.milestone.kind == .hangUp }).ends
    for (old, new) in zip(before, after) {
      let (old, new) = (try #require(old.connections.first), try #require(new.connections.first))
      #expect(old.currentLocal?.description.media[0].attributes.iceUfrag != nil)
      #expect(
        old.currentLocal?.description.media[0].attributes.iceUfrag
          != new.currentLocal?.description.media[0].attributes.iceUfrag)
      #expect(old.srtp == new.srtp)
      #expect(new.iceConnectionState == "completed" && new.connectionState == "connected")
      for stream in new.inbound {
        #expect(stream.packetsLost == 0)
        #expect(stream.packetsReceived > 300)
      }
    }
  }

  @Test(arguments: ["two-peers", "two-peers-turn"])
  func `who leaves the Wi-Fi for a mobile network is found again there, and the call goes on under the old keys`(
    name: String
  ) throws {
    let (original, fork) = try fork(name, at: "ICE completed", "change-network client-1")
    let changed = try #require(first(.networkChanged, "client-1", fork))
    let before = try #require(fork.moments.first { $0.milestone.kind == .networkChanged }).ends
    let after = try #require(fork.moments.first { $0.milestone.kind == .hangUp }).ends
    let path = try #require(after[0].connections.first?.pairs.first { $0.isSelected })
    #expect((path.local + path.remote).contains("203.0.113.1"), "\(path)")
    #expect(before[0].connections.first?.srtp == after[0].connections.first?.srtp)
    // Signaling is there again after two round trips of 2 · (35 + d) ms; then come the offer and the answer.
    let found = try #require(
      fork.moments.first { $0.milestone.kind == .pairSelected && $0.time > changed }?.time)
    #expect(found - changed > .milliseconds(2 * 70 + 70), "\(found - changed)")
    #expect(found - changed < .seconds(2), "\(found - changed)")
    for end in after {
      #expect(end.connections.allSatisfy { $0.connectionState == "connected" })
      for stream in end.connections.flatMap(\.inbound) { #expect(stream.packetsReceived > 300) }
    }
    // Nobody sends into the old network for longer than it takes to agree on the new one.
    let late = fork.moments.filter {
      $0.milestone.detail.contains("switched off") && $0.time > found + .milliseconds(500)
    }
    #expect(late.isEmpty, "\(late.map(\.milestone.detail))")
    let diagnosis = Diagnosis(fork).sentences
    #expect(Diagnosis(fork).isConnected, "\(diagnosis)")
    #expect(HistoryDifference(original, fork).sentence.contains("a mobile one"))
    #expect(
      message { _ = try WhatIf("change-nat client-1", at: fork.moments.count - 1).fault(in: fork) }
        .contains("client-1 has left its network"))
  }

  @Test(arguments: ["call", "offer sent", "setLocalDescription(answer)", "ICE checking", "ClientHello"])
  func `a network that changes while the call is set up delays it only`(word: String) throws {
    for client in ["client-1", "client-2"] {
      let (_, fork) = try fork("two-peers", at: word, "change-network \(client)")
      #expect(Diagnosis(fork).isConnected, "\(client): \(Diagnosis(fork).sentences)")
    }
  }

  @Test func `changes add up, and a change at an earlier moment takes later ones back`() throws {
    let run = try Calls.run("two-peers")
    let original = run.record()
    let first = try run.record(WhatIf("drop-next", at: moment("ClientHello", original)), in: original)
    let second = try run.record(WhatIf("drop-next client-2.up", at: moment("ServerHello", first)), in: first)
    #expect(second.whatIfs.count == 2)
    #expect(second.moments.count { $0.milestone.kind == .whatIf } == 2)
    #expect(second.moments.count { $0.milestone.kind == .flightRepeated } >= 2)
    #expect(try run.record(second.whatIfs) == second)
    let third = try run.record(WhatIf("stop-stun", at: moment("createOffer", second)), in: second)
    #expect(third.whatIfs.map(\.action) == ["stop-stun"])
    #expect(message { _ = try run.record(second.whatIfs.reversed()) }.hasSuffix("comes before it"))
  }

  @Test func `what cannot be tried is refused with what could be`() throws {
    let history = try Calls.history("two-peers")
    func refusal(_ text: String, at moment: Int = 20) -> String {
      message { _ = try WhatIf(text, at: moment).fault(in: history) }
    }
    #expect(refusal("drop-nxt").hasSuffix("did you mean 'drop-next'?"))
    #expect(refusal("drop-next client-3.up").contains("'client-3.up' found, allowed: client-1.up, client-1.down"))
    #expect(refusal("drop-next client-1").contains("'client-1' found, allowed: client-1.up"))
    #expect(refusal("delay-next 90h").contains("'90h' found, allowed: a time such as 50ms, from 1ms to 60s"))
    #expect(refusal("change-nat client-1 conic").contains("'conic' found, allowed: symmetric, port-restricted"))
    #expect(refusal("stop-turn").contains("not possible, because this call has no TURN server"))
    #expect(refusal("mute client-1 loud").contains("'loud' found, allowed: mute [CLIENT]"))
    let spare = WhatIf(moment: 20, action: "mute", target: "client-1", argument: "/98:hang-up:client-2:")
    #expect(message { _ = try spare.fault(in: history) }.contains("allowed: none"))
    #expect(
      History.id(of: history.scenario, [spare])
        != History.id(
          of: history.scenario,
          [
            WhatIf(moment: 20, action: "mute", target: "client-1"),
            WhatIf(moment: 98, action: "hang-up", target: "client-2"),
          ]))
    #expect(refusal("hang-up client-2", at: history.moments.count - 1).contains("client-2 hung up at moment"))
    #expect(refusal("hold client-1", at: 3).contains("client-1 has no connection at moment 3"))
    #expect(refusal("restart-ice client-2", at: 14).contains("client-2 is have-local-offer at moment 14"))
    #expect(refusal("add-track client-2", at: history.moments.count - 1).contains("client-2 is closed"))
    #expect(refusal("drop-next", at: 9999).hasPrefix("moment: 9999 found, allowed: 0 to"))
  }
}
