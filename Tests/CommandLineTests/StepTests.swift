import Foundation
import SimSessions
import Testing

@testable import rtcsim

/// `rtcsim step`: what a script of commands is answered.
struct StepTests {
  private func session(_ scenario: String = "two-peers") throws -> StepSession {
    let run = try HistoryRun.open(scenario, seed: nil)
    return StepSession(run, history: run.record())
  }

  private func file(_ text: String) throws -> URL {
    let file = FileManager.default.temporaryDirectory.appending(path: "rtcsim-step-\(UUID().uuidString).txt")
    try Data(text.utf8).write(to: file)
    return file
  }

  @Test(arguments: ["two-peers", "two-peers-relay", "textbook-call"])
  func `every snapshot going back equals, field by field, the one going forward`(_ scenario: String) throws {
    var session = try session(scenario)
    var forward = [try session.answer("snapshot")]
    while let _ = try? session.answer("next") { forward.append(try session.answer("snapshot")) }
    #expect(session.position == session.history.moments.count - 1)
    #expect(forward.count == session.history.moments.count)
    var back = [try session.answer("snapshot")]
    while let _ = try? session.answer("back") { back.append(try session.answer("snapshot")) }
    #expect(session.position == 0)
    #expect(back.reversed() == forward)
    let fields = forward[forward.count / 2].split(separator: "\n")
    #expect(fields.count > 80)
    #expect(fields.contains { $0.hasPrefix("client-1.connections[0].signalingState = ") })
    #expect(try session.answer("verify").contains("all \(forward.count) moments are equal, field by field"))
  }

  @Test func `all moments are told by next all and back all`() throws {
    var session = try session()
    let forward = try session.answer("next all").split(separator: "\n").filter { $0.contains(" ms  ") }
    let back = try session.answer("back all").split(separator: "\n").filter { $0.contains(" ms  ") }
    #expect(forward.count == session.history.moments.count - 1)
    #expect(Array(forward.dropLast()) == Array(back.dropLast().reversed()))
  }

  @Test func `a file of commands is answered line by line`() throws {
    let file = try file("# a comment\n\nuntil createOffer\nnext 2\nsdp b offer\nquit\nnext\n")
    defer { try? FileManager.default.removeItem(at: file) }
    let result = try Program.run(["step", "two-peers", "--commands", file.path])
    #expect(result.status == 0 && result.error.isEmpty, "\(result.error)")
    #expect(result.output.hasPrefix("rtcsim 0> until createOffer\n11/"))
    #expect(result.output.contains("rtcsim 13> sdp b offer\nclient-2: pendingLocalDescription, offer\n"))
    #expect(result.output.contains("user name fragment of ICE, RFC 8839 §5.4"))
    #expect(result.output.hasSuffix("rtcsim 13> quit\n"))
    let typed = try Program.run(
      ["step", "two-peers"], input: try String(contentsOf: file, encoding: .utf8))
    #expect(typed == result)
  }

  @Test func `a command that cannot be done ends the file with its line and status 2`() throws {
    for (commands, message) in [
      ("next\nnexxt\n", ":2: 'nexxt' found, allowed: next, back"), ("goto 9999\n", ":1: moment: '9999' found"),
      ("what-if drop-nxt\n", ":1: what-if: 'drop-nxt' found"), ("back\n", ":1: this is the first moment"),
      ("until nothing like it\n", "no moment after this one has 'nothing like it'"),
      ("sdp c\n", "'c' found, allowed: sdp [a|b] [offer|answer] [--diff]"),
      ("difference\n", "there is nothing to compare with yet"), ("export x.txt\n", "allowed: export FILE.mmd"),
      ("packet 99999\n", "'99999' found, allowed: packet N"),
      ("list\nladder x\n", ":2: 'x' found, allowed: ladder [N]"),
    ] {
      let file = try file(commands)
      defer { try? FileManager.default.removeItem(at: file) }
      let result = try Program.run(["step", "two-peers", "--commands", file.path])
      #expect(result.status == 2)
      #expect(result.error.hasPrefix("rtcsim step: \(file.path):") && result.error.contains(message), "\(result.error)")
    }
    #expect(
      try Program.run(["step", "two-peers", "--commands", "/away"]).error.contains(
        "--commands: found '/away', allowed: a text"))
    #expect(try Program.run(["step", "two-peers", "--at", "-1"]).status == 2)
    #expect(try Program.run(["step", "meeting"]).error.contains("allowed: 'mesh' with 2"))
  }

  @Test func `each end's descriptions, pairs, keys, streams and messages can be asked for`() throws {
    var session = try session()
    #expect(try session.answer("ice").contains("client-1: no RTCPeerConnection yet"))
    _ = try session.answer("until answer received")
    #expect(try session.answer("sdp a").hasPrefix("client-1: currentLocalDescription, answer"))
    #expect(try session.answer("sdp b answer").hasPrefix("client-2 has no answer at this moment; until"))
    _ = try session.answer("until first frame decoded")
    #expect(try session.answer("sdp b answer").hasPrefix("client-2: currentRemoteDescription, answer"))
    let pairs = try session.answer("ice a")
    #expect(pairs.contains("host 10.0.1.2:50000") && pairs.contains("srflx") && pairs.contains("succeeded"))
    #expect(try session.answer("dtls b").contains("SRTP_AEAD_AES_128_GCM"))
    #expect(try session.answer("stats").contains("inbound-rtp"))
    let hello = try #require(session.history.messages.first { $0.title == "ClientHello" }).number
    let packet = try session.answer("packet \(hello)")
    #expect(
      packet.contains("  0000  16 fe ff") && packet.contains("DTLS, 1 record,") && packet.contains("client-1/nat"))
    #expect(packet.contains("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"))
    #expect(packet.contains("SRTP_AEAD_AES_128_GCM, SRTP_AES128_CM_HMAC_SHA1_80"))
    #expect(try session.answer("explain").contains("for an engineer"))
    #expect(try session.answer("ladder 5").split(separator: "\n").count == 6)
    #expect(try session.answer("help what-if").contains("drop-next [LINK]"))
    #expect(try session.answer("about").contains("every delay is the network's"))
    #expect(try session.answer("outcome").contains("directly from one to the other"))
  }

  @Test func `data channels can be asked for, and packets show what is encrypted in them`() throws {
    var session = try session("data-channels")
    #expect(
      try session.answer("data") == "client-1: no RTCPeerConnection yet\n\nclient-2: no RTCPeerConnection yet\n")
    _ = try session.answer("until SCTP established")
    #expect(
      try session.answer("data a").hasPrefix("client-1: SCTP connected, ports 5000 and 5000, messages up to 262144"))
    _ = try session.answer("until data channel open")
    let channels = try session.answer("data b")
    for line in ["chat     1   open   ordered    until it arrives", "game     5   open   unordered  at most 0×"] {
      #expect(channels.contains(line), "\(channels)")
    }
    let opening = try #require(session.history.messages.first { $0.title.contains("DATA_CHANNEL_OPEN") }).number
    let packet = try session.answer("packet \(opening)")
    #expect(packet.contains("DTLS, 1 record,") && packet.contains("encrypted in it, as both ends know it: SCTP,"))
    #expect(packet.contains("label") && packet.contains("chat") && packet.contains("RFC 8832 §5.1"))
    #expect(try session.answer("verify").contains("moments are equal"))
  }

  @Test func `the difference of two descriptions shows what was added and taken away`() throws {
    var session = try session()
    _ = try session.answer("until ICE completed")
    _ = try session.answer("what-if restart-ice client-1")
    _ = try session.answer("until setLocalDescription(answer)")
    let difference = try session.answer("sdp b answer --diff")
    #expect(difference.contains("a=ice-ufrag"))
    _ = try session.answer("until ICE completed")
    _ = try session.answer("what-if add-track client-1")
    _ = try session.answer("until offer sent")
    let added = try session.answer("sdp a offer --diff")
    #expect(added.contains("+  m=video") && added.contains("+  a=mid:2") && !added.contains("−  a=mid"), "\(added)")
  }

  @Test func `a change leads to another call, and back to the original`() throws {
    var session = try session()
    _ = try session.answer("until ClientHello")
    let place = session.position
    let answer = try session.answer("what-if drop-next")
    #expect(answer.contains("first differ at moment \(place + 1)") && answer.contains("DTLS flight repeated"))
    #expect(session.prompt == "rtcsim \(place + 1) changed> ")
    #expect(try session.answer("difference").contains("80.419"))
    _ = try session.answer("original")
    #expect(session.original == nil && session.prompt.hasSuffix("> ") && !session.prompt.contains("changed"))
  }

  @Test func `the ladder is a Mermaid diagram whose every line is one that GitHub renders`() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "rtcsim-\(UUID().uuidString).mmd")
    defer { try? FileManager.default.removeItem(at: file) }
    var session = try session()
    #expect(try session.answer("export \(file.path)").hasPrefix(file.path))
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    #expect(lines[0] == "sequenceDiagram")
    for line in lines.dropFirst() {
      let statement = line.drop { $0 == " " }
      #expect(
        statement.wholeMatch(of: /participant \w+ as [\w\/-]+|Note over \w+: [^#;]+|\w+(->>|-x)\w+: [^#;]+/) != nil,
        "\(line)")
    }
    #expect(lines.contains { $0.contains("client_2-x") && $0.contains("lost: nobody here has that address") })
    #expect(lines.count { $0.contains("->>") || $0.contains("-x") } == session.history.messages.count)
  }

  @Test func `lines of a text are compared as a whole`() {
    let changes = LineDifference.lines(from: ["a", "b", "c"], to: ["a", "x", "c", "d"])
    #expect(changes.map { $0.mark.rawValue + $0.text } == [" a", "−b", "+x", " c", "+d"])
  }
}
