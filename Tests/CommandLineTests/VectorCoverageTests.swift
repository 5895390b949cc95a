import Foundation
import TestSupport
import Testing

/// How many cases the conformance vectors have, and which the tests leave out and why.
///
/// The tests of each part loop over their files and note what they ran (`Vectors.ran`); this one fails when a file grows or
/// shrinks. When the process ends both are printed beside each other, and `make test` fails if cases are missing.
struct VectorCoverageTests {
  private struct Account {
    let path: String
    /// The lists that hold cases.
    let lists: [String]
    let count: Int
    var skipped: [String: Int] = [:]
  }

  private static let own = [
    Account(path: "ice/candidate_lines.json", lists: ["vectors"], count: 34),
    Account(path: "ice/checklists.json", lists: ["vectors", "frozen_example"], count: 8),
    Account(path: "ice/foundations.json", lists: ["vectors"], count: 7),
    Account(path: "ice/nat_matrix.json", lists: ["vectors"], count: 91),
    Account(path: "ice/priorities.json", lists: ["vectors", "pairs"], count: 40),
    Account(path: "ice/role_conflict.json", lists: ["vectors"], count: 12),
    Account(
      path: "jsep/connection_states.json",
      lists: ["single_transport", "two_ice_transports", "gathering_two", "ice_transport_transitions"], count: 107,
      skipped: ["the agent keeps to RFC 8863 and RFC 7675 instead; the tests say how": 3]),
    Account(
      path: "jsep/negotiation_needed.json", lists: ["cases", "event_cases"], count: 29,
      skipped: ["needs an operations chain; createOffer settles at once here": 1]),
    Account(path: "jsep/perfect_negotiation.json", lists: ["cases"], count: 6),
    Account(path: "jsep/signaling_transitions.json", lists: ["cases"], count: 48),
    Account(path: "sctp/dcep.json", lists: ["vectors"], count: 14),
    Account(path: "sctp/generated.json", lists: ["vectors"], count: 25),
    Account(path: "sdp/generated.json", lists: ["vectors"], count: 10),
    Account(path: "sdp/rfc9429_ab.json", lists: ["vectors"], count: 6),
    Account(path: "stun/demux_rfc7983.json", lists: ["vectors"], count: 19),
    Account(path: "stun/fingerprint.json", lists: ["vectors"], count: 9),
    Account(path: "stun/generated.json", lists: ["vectors"], count: 47),
    Account(path: "stun/message_types.json", lists: ["vectors"], count: 25),
    Account(path: "stun/rfc5769.json", lists: ["vectors"], count: 4),
    Account(
      path: "timers/numeric.json", lists: ["vectors"], count: 29,
      skipped: ["reports leave by a fixed interval, as libwebrtc's do": 10]),
    Account(path: "turn/channel_data.json", lists: ["vectors"], count: 8),
    Account(
      path: "turn/constants.json", lists: ["values", "error_codes"], count: 28,
      skipped: ["the client never binds a channel anew": 1]),
    Account(
      path: "turn/sequences.json", lists: ["cases"], count: 28, skipped: ["TCP to peers (RFC 6062) is not built": 1]),
  ]

  private static let published = [
    Account(
      path: "jsep/wpt_tests.json", lists: ["tests"], count: 193, skipped: ["names of tests, without what they do": 193]),
    Account(path: "sctp/aiortc_packets.json", lists: ["vectors"], count: 17),
    Account(path: "sctp/parameters.json", lists: ["ppids", "createDataChannel_errors"], count: 14),
    Account(path: "sdp/attribute_lines.json", lists: ["vectors"], count: 290),
    Account(path: "sdp/corpus_offer_answer.json", lists: ["vectors"], count: 53),
    Account(path: "sdp/malformed_public.json", lists: ["vectors"], count: 82),
    Account(path: "sdp/valid_public.json", lists: ["vectors"], count: 70),
    Account(
      path: "timers/constants.json", lists: ["vectors"], count: 80,
      skipped: ["a rule, a range, or of a part that is not built": 66]),
  ]

  private func check(_ account: Account, _ data: Data, _ prefix: String) throws {
    let file = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let cases = account.lists.reduce(0) { sum, list in
      let members = (file[list] as? [String: Any]).map { $0.count { $0.value is [String: Any] } }
      return sum + ((file[list] as? [Any])?.count ?? members ?? 0)
    }
    #expect(cases == account.count, "\(account.path)")
    Vectors.expect(cases, of: prefix + account.path, skipped: account.skipped)
  }

  @Test func `every file of the vectors is accounted for`() throws {
    for account in Self.own { try check(account, Vectors.data(account.path), "") }
    let folders = ["ice", "jsep", "sctp", "sdp", "stun", "timers", "turn"]
    let there = try folders.flatMap { folder in
      try FileManager.default.contentsOfDirectory(
        atPath: Vectors.packageFolder.appending(path: "Tests/Vectors/\(folder)").path
      ).map { "\(folder)/\($0)" }
    }
    // What this one lists are behaviours to model, not cases.
    #expect(Set(there).subtracting(["ice/behaviours.json"]) == Set(Self.own.map(\.path)))
  }

  @Test(.enabled(if: Vectors.hasPublicData, "the public vectors are not there; RTCSIM_SHARED says where they are"))
  func `the published vectors of these parts are accounted for`() throws {
    for account in Self.published {
      try check(account, try #require(Vectors.publicData(account.path)), "public ")
    }
  }
}
