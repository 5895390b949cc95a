import Foundation
import SimSessions
import Testing
import WebHost

@testable import rtcsim

/// What the page is answered, and what a hostile page is.
struct PageAPITests {
  private let api: PageAPI

  init() throws { api = PageAPI(library: try .find(), first: try HistoryRun.open("two-peers", seed: nil)) }

  private func get(_ path: String) throws -> (status: Int, json: [String: Any]) { try read(HTTPRequest(.get, path)) }

  private func post(_ body: String) throws -> (status: Int, json: [String: Any]) {
    try read(HTTPRequest(.post, "/api/histories", contentType: "application/json", body: Array(body.utf8)))
  }

  private func read(_ request: HTTPRequest) throws -> (status: Int, json: [String: Any]) {
    let response = api.answer(request) { _ in }
    let json = try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
    return (response.status, try #require(json))
  }

  @Test func `a message of data is told with what DTLS hides, which has no place among its bytes`() throws {
    let history = try post(#"{"scenario":"data-channels","seed":1}"#).json
    let id = try #require(history["id"] as? String)
    let messages = try #require(history["messages"] as? [[String: Any]])
    let number = try #require(messages.firstIndex { $0["title"] as? String == "SCTP INIT" })
    let detail = try get("/api/histories/\(id)/messages/\(number)").json
    #expect((detail["title"] as? String)?.hasPrefix("SCTP, ") == true)
    let fields = try #require(detail["fields"] as? [[String: Any]])
    let tag = try #require(fields.first { $0["name"] as? String == "initiate tag" })
    #expect(
      tag["offset"] is NSNull && fields.contains { $0["name"] as? String == "content type" && $0["offset"] is Int })
    let moments = try #require(history["moments"] as? [[String: Any]])
    let moment = try #require(moments.firstIndex { $0["title"] as? String == "data channel open" })
    let ends = try #require(get("/api/histories/\(id)/moments/\(moment)").json["ends"] as? [[String: Any]])
    let connection = try #require((ends[1]["connections"] as? [[String: Any]])?.first)
    #expect((connection["sctp"] as? [String: Any])?["state"] as? String == "connected")
    #expect(
      (connection["dataChannels"] as? [[String: Any]])?.compactMap { $0["label"] as? String } == [
        "chat", "file", "game",
      ])
  }

  @Test func `a call is made once, and every moment, message and text of it can be asked for`() throws {
    let history = try post(#"{"scenario":"two-peers","seed":1}"#).json
    let id = try #require(history["id"] as? String)
    let moments = try #require(history["moments"] as? [[String: Any]])
    let messages = try #require(history["messages"] as? [[String: Any]])
    #expect(try get("/api/histories/\(id)").json["id"] as? String == id)
    for number in moments.indices {
      let ends = try #require(get("/api/histories/\(id)/moments/\(number)").json["ends"] as? [[String: Any]])
      #expect(ends.compactMap { $0["node"] as? String } == ["client-1", "client-2"])
    }
    for number in messages.indices {
      let detail = try get("/api/histories/\(id)/messages/\(number)")
      #expect(detail.status == 200 && detail.json["title"] is String)
      #expect((detail.json["fields"] as? [Any])?.isEmpty == false || detail.json["text"] is Int, "\(number)")
    }
    let offer = try #require(get("/api/histories/\(id)/texts/0").json["lines"] as? [[String: String]])
    #expect(offer.contains { $0["text"]?.hasPrefix("a=ice-ufrag:") == true && $0["meaning"]?.isEmpty == false })
    #expect(try get("/api/scenarios").json["chosen"] as? String == "two-peers")
  }

  @Test func `a change gives another call with its difference`() throws {
    let fork = try post(
      #"{"scenario":"two-peers","seed":1,"whatIf":[{"moment":64,"action":"drop-next","target":null,"argument":null}]}"#
    ).json
    let difference = try #require(fork["difference"] as? [String: Any])
    #expect((difference["sentence"] as? String)?.contains("DTLS connected at both ends") == true)
    #expect((difference["rows"] as? [Any])?.isEmpty == false)
    #expect((fork["fork"] as? [String: Any])?["moment"] as? Int == 64)
  }

  @Test(arguments: [
    ("", 400), ("{", 400), ("[]", 400), (#"{"scenario":7}"#, 400), (#"{"scenario":"../../etc/passwd"}"#, 404),
    (#"{"scenario":"/etc/passwd"}"#, 404), (#"{"scenario":"meeting"}"#, 404), (#"{"scenario":"\u0000"}"#, 404),
    (#"{"scenario":"two-peers","seed":-1}"#, 400), (#"{"scenario":"two-peers","seed":1e99}"#, 400),
    (#"{"scenario":"two-peers","whatIf":[{"moment":9999,"action":"mute"}]}"#, 400),
    (#"{"scenario":"two-peers","whatIf":[{"moment":-1,"action":"mute"}]}"#, 400),
    (#"{"scenario":"two-peers","whatIf":[{"moment":1,"action":"rm -rf"}]}"#, 400),
    (#"{"scenario":"two-peers","whatIf":[{"moment":1,"action":"cut","target":"client-1","argument":"9999h"}]}"#, 400),
    (
      #"{"scenario":"two-peers","whatIf":[{"moment":9,"action":"mute"},{"moment":2,"action":"mute"}]}"#, 400
    ),
    (
      #"{"scenario":"two-peers","whatIf":[\#(Array(repeating: #"{"moment":1,"action":"mute"}"#, count: 9).joined(separator: ","))]}"#,
      400
    ),
  ])
  func `a hostile request gets a sentence and no more`(_ body: String, _ status: Int) throws {
    var logged: [String] = []
    let request = HTTPRequest(.post, "/api/histories", contentType: "application/json", body: Array(body.utf8))
    let response = api.answer(request) { logged.append($0) }
    #expect(response.status == status, "\(body)")
    #expect(logged.count == 1)
    let json = try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: String]
    #expect(
      json?["error"]?.hasSuffix(".") == true || json?["error"]?.contains("found, allowed") == true, "\(json ?? [:])")
  }

  @Test(arguments: [
    "/x", "/api", "/api/histories", "/api/histories/none", "/api/histories/none/moments/0", "/page/", "/page/x.js",
    "/page/..", "/page/../Serve.swift", "/page/page.css/x", "//", "/index.html", "/api/scenarios/two-peers",
  ])
  func `what is not there is 404`(_ path: String) {
    #expect(api.answer(HTTPRequest(.get, path)) { _ in }.status == 404)
  }

  @Test func `numbers beyond the end are 404, too`() throws {
    let id = try #require(try post(#"{"scenario":"two-peers"}"#).json["id"] as? String)
    for part in ["moments/-1", "moments/100000", "messages/x", "texts/99", "secrets/0", "moments/"] {
      #expect(api.answer(HTTPRequest(.get, "/api/histories/\(id)/\(part)")) { _ in }.status == 404, "\(part)")
    }
  }

  @Test func `only the last calls are kept`() throws {
    let store = HistoryStore(limit: 2)
    let run = try HistoryRun.open("two-peers", seed: nil)
    let first = try store.history(of: run, [])
    #expect(try store.history(of: run, []) === first)
    _ = try store.history(of: run.seeded(2), [])
    _ = try store.history(of: run.seeded(3), [])
    #expect(store.find(first.id) == nil)
    #expect(try store.history(of: run, []).history == first.history)
  }
}
