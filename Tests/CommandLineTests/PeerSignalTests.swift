import RTCSession
import Testing

@testable import rtcsim

/// The messages of `rtcsim peer`'s signaling.
struct PeerSignalTests {
  private func error(_ text: String) -> PeerSignalError? {
    do throws(PeerSignalError) {
      _ = try PeerSignal(parsing: text)
      return nil
    } catch {
      return error
    }
  }

  @Test func `what a browser sends is read`() throws {
    #expect(try PeerSignal(parsing: #"{"type":"offer","sdp":"v=0\r\n"}"#) == .offer("v=0\r\n"))
    #expect(try PeerSignal(parsing: #"{"type":"answer","sdp":"","more":[1]}"#) == .answer(""))
    #expect(try PeerSignal(parsing: #"{"type":"bye"}"#) == .bye(reason: nil))
    #expect(try PeerSignal(parsing: #"{"type":"candidate","candidate":""}"#) == .candidate(ICECandidateInit("")))
    let trickled =
      #"{"candidate":"candidate:1 1 udp 1 a.local 9 typ host","sdpMid":"0","sdpMLineIndex":0,"#
      + #""usernameFragment":"Ab+/","type":"candidate"}"#
    #expect(
      try PeerSignal(parsing: trickled)
        == .candidate(
          ICECandidateInit("candidate:1 1 udp 1 a.local 9 typ host", mid: "0", sectionIndex: 0, ufrag: "Ab+/")))
  }

  @Test(arguments: [
    PeerSignal.offer("v=0\r\na=\"ä\u{1}\r\n"), .answer("x"), .bye(reason: "hung up"),
    .candidate(ICECandidateInit("candidate:1 1 udp 1 ::1 9 typ host", mid: "0", sectionIndex: 0, ufrag: "abcd")),
    .candidate(ICECandidateInit("")),
  ])
  func `what is written is read again`(signal: PeerSignal) throws {
    #expect(try PeerSignal(parsing: signal.text) == signal)
  }

  @Test func `the page is told who offers and which servers there are`() {
    let servers = [PeerServer(url: "stun:a"), PeerServer(url: "turn:b", username: "me", password: "secret")]
    #expect(
      PeerSignal.ready(offerer: .page, servers: servers).text
        == #"{"type":"ready","role":"page","iceServers":[{"urls":"stun:a"},"#
        + #"{"urls":"turn:b","username":"me","credential":"secret"}]}"#)
  }

  @Test func `what is no message is refused, and said why`() {
    #expect(error("") == .notJSON)
    #expect(error("[]") == .notJSON)
    #expect(error(#"{"sdp":"v=0"}"#) == .notJSON)
    #expect(error(#"{"type":"offer","sdp":5}"#) == .notJSON)
    #expect(error(String(repeating: "[", count: 60_000)) == .notJSON)
    #expect(error(#"{"type":"ready","role":"page"}"#) == .unknownType("ready"))
    #expect(error(#"{"type":"offer"}"#) == .missing("sdp", in: "offer"))
    #expect(error(#"{"type":"candidate","sdpMid":"0"}"#) == .missing("candidate", in: "candidate"))
  }
}
