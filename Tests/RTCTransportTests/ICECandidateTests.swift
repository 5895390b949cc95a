import RTCPrimitives
import RTCWire
import TestSupport
import Testing

@testable import RTCTransport

@Suite struct ICECandidateTests {
  private struct Priorities: Decodable {
    struct One: Decodable {
      var id: String
      var type: String
      var local_preference: UInt16
      var component: UInt16
      var priority: UInt32
    }
    struct Pair: Decodable {
      var id: String
      var controlling_priority: UInt32
      var controlled_priority: UInt32
      var pair_priority: String
    }
    var vectors: [One]
    var pairs: [Pair]
  }

  @Test func `priorities follow the formula of RFC 8445`() throws {
    let vectors = try Vectors.decode(Priorities.self, from: "ice/priorities.json")
    for vector in vectors.vectors {
      Vectors.ran(vector.id, of: "ice/priorities.json")
      let kind = try #require(Candidate.Kind(rawValue: vector.type))
      #expect(
        Candidate.priority(of: kind, localPreference: vector.local_preference, component: vector.component)
          == vector.priority, "\(vector.id)")
    }
    for vector in vectors.pairs {
      Vectors.ran("pair \(vector.id)", of: "ice/priorities.json")
      #expect(
        String(
          CandidatePair.priority(controlling: vector.controlling_priority, controlled: vector.controlled_priority))
          == vector.pair_priority, "\(vector.id)")
    }
  }

  private struct Foundations: Decodable {
    struct Origin: Decodable {
      var type: String
      var base: String
      var server: String?
      var proto: String
    }
    struct Case: Decodable {
      var id: String
      var a: Origin
      var b: Origin
      var same: Bool
    }
    var vectors: [Case]
  }

  @Test func `foundations are equal exactly for one type, base, server and protocol`() throws {
    for vector in try Vectors.decode(Foundations.self, from: "ice/foundations.json").vectors {
      Vectors.ran(vector.id, of: "ice/foundations.json")
      var table = FoundationTable()
      let foundations = try [vector.a, vector.b].map { origin in
        let address = try #require(Endpoint(origin.base)?.address ?? IPAddress(origin.base))
        return table.foundation(
          of: try #require(Candidate.Kind(rawValue: origin.type)), base: address,
          server: origin.server.flatMap { IPAddress($0) }, isStream: origin.proto == "tcp")
      }
      #expect((foundations[0] == foundations[1]) == vector.same, "\(vector.id)")
    }
  }

  @Test func `a candidate survives its way through signalling, and what cannot be used is refused`() throws {
    let candidate = Candidate(
      foundation: "3", priority: 1_694_498_815, address: try #require(Endpoint("[2001:db8::7]:4000")),
      kind: .serverReflexive, base: Endpoint("[fd00::1]:5000"), relatedAddress: Endpoint("[fd00::1]:5000"))
    let line = candidate.signalled(ufrag: "abcd").description
    #expect(
      line == "candidate:3 1 udp 1694498815 2001:db8::7 4000 typ srflx raddr fd00::1 rport 5000 ufrag abcd")
    var received = candidate
    received.base = received.address
    #expect(Candidate(try ICECandidate(parsing: line)) == received)
    for unusable in [
      "candidate:1 1 tcp 1518280447 192.0.2.5 9 typ host tcptype active", "candidate:1 2 udp 9 192.0.2.5 9 typ host",
      "candidate:1 1 udp 9 1b2c.local 9 typ host", "candidate:1 1 udp 9 192.0.2.5 0 typ host",
    ] {
      #expect(Candidate(try ICECandidate(parsing: unusable)) == nil, "\(unusable)")
    }
  }

  private struct RoleConflicts: Decodable {
    struct Case: Decodable {
      var id: String
      var my_role: String
      var my_tiebreaker: UInt64
      var attribute: String
      var their_tiebreaker: UInt64
      var action: String
    }
    var vectors: [Case]
  }

  @Test func `a role conflict is repaired by the tie-breakers`() throws {
    for vector in try Vectors.decode(RoleConflicts.self, from: "ice/role_conflict.json").vectors {
      Vectors.ran(vector.id, of: "ice/role_conflict.json")
      let resolution = RoleConflictResolution(
        role: vector.my_role == "controlling" ? .controlling : .controlled, tieBreaker: vector.my_tiebreaker,
        peerRole: vector.attribute == "ICE-CONTROLLING" ? .controlling : .controlled,
        peerTieBreaker: vector.their_tiebreaker)
      let expected: RoleConflictResolution =
        vector.action == "no conflict" ? .noConflict : vector.action.hasPrefix("reply 487") ? .reject : .switchRole
      #expect(resolution == expected, "\(vector.id)")
    }
  }
}
