import RTCPrimitives
import TestSupport
import Testing

@testable import RTCTransport

@Suite struct ICEChecklistTests {
  private struct Document: Decodable {
    struct Side: Decodable {
      var type: String
      var addr: String
      var base: String
      var component: UInt16
      var priority: UInt32

      func candidate() throws -> Candidate {
        Candidate(
          foundation: type, component: component, priority: priority, address: try #require(Endpoint(addr)),
          kind: try #require(Candidate.Kind(rawValue: type)), base: Endpoint(base))
      }
    }
    struct Row: Decodable, Equatable {
      var local: String
      var local_type: String
      var effective_base: String
      var remote: String
      var remote_type: String
      var priority: String
    }
    struct Case: Decodable {
      var id: String
      var controlling: Bool
      var local: [Side]
      var remote: [Side]
      var checklist: [Row]
    }
    /// The states of the pairs of three data streams, by foundation.
    struct Example: Decodable {
      var m1: [String: String]
      var m2: [String: String]
      var m3: [String: String]
    }
    var vectors: [Case]
    var frozen_example: Example
  }

  @Test(arguments: [false, true])
  func `a checklist is formed, pruned and ordered, also when candidates trickle in backwards`(backwards: Bool) throws {
    for vector in try Vectors.decode(Document.self, from: "ice/checklists.json").vectors {
      Vectors.ran(vector.id, of: "ice/checklists.json")
      let role: ICERole = vector.controlling ? .controlling : .controlled
      var checklist = Checklist()
      for local in backwards ? vector.local.reversed() : vector.local {
        for remote in vector.remote {
          checklist.insert(local: try local.candidate(), remote: try remote.candidate(), role: role)
        }
      }
      let rows = checklist.order(role: role).map { index in
        let pair = checklist.pairs[index]
        return Document.Row(
          local: pair.local.address.description, local_type: pair.local.kind.rawValue,
          effective_base: pair.local.base.description, remote: pair.remote.address.description,
          remote_type: pair.remote.kind.rawValue, priority: String(pair.priority(role: role)))
      }
      #expect(rows == vector.checklist, "\(vector.id)")
    }
  }

  @Test func `of the pairs in the RFC's example those wait that the RFC says`() throws {
    let example = try Vectors.decode(Document.self, from: "ice/checklists.json").frozen_example
    // A foundation thaws once over all streams, so that one list with the streams in order gives the same states.
    var checklist = Checklist()
    var expected: [String: String] = [:]
    for (stream, states) in [example.m1, example.m2, example.m3].enumerated() {
      Vectors.ran("m\(stream + 1)", of: "ice/checklists.json")
      for (foundation, state) in states {
        let number = try #require(foundation.dropFirst().first?.wholeNumberValue)
        let address = "10.0.\(stream).\(number):1"
        checklist.insert(
          local: host(address, foundation: foundation, priority: UInt32(1000 - stream * 100 - number)),
          remote: host("192.0.2.9:1", foundation: "r", priority: 100), role: .controlling)
        expected[address] = state
      }
    }
    _ = checklist.unfreezeNewFoundations(role: .controlling)
    let found = checklist.pairs.map { ($0.local.address.description, $0.state.rawValue) }
    #expect(Dictionary(uniqueKeysWithValues: found) == expected)
    #expect(expected.count == 9 && expected.values.count { $0 == "waiting" } == 5)
  }

  @Test func `one pair of each foundation waits first and its success thaws the others`() throws {
    var checklist = Checklist()
    let remote = host("192.0.2.9:1", foundation: "r", priority: 100)
    // Two ports of one address share the foundation f1; the second address is f2.
    for (address, foundation) in [("10.0.0.1:1", "f1"), ("10.0.0.1:2", "f1"), ("10.0.0.2:1", "f2")] {
      let preference: UInt32 = address == "10.0.0.1:1" ? 50 : 60
      checklist.insert(
        local: host(address, foundation: foundation, priority: preference), remote: remote, role: .controlling)
    }
    #expect(checklist.unfreezeNewFoundations(role: .controlling).sorted() == [1, 2])
    #expect(checklist.pairs.map(\.state) == [.frozen, .waiting, .waiting])
    checklist.pairs[2].state = .succeeded
    #expect(checklist.unfreezeFoundation(ofPairAt: 2).isEmpty)
    checklist.pairs[1].state = .succeeded
    #expect(checklist.unfreezeFoundation(ofPairAt: 1) == [0])
  }

  @Test func `only the hundred best pairs are kept`() {
    var checklist = Checklist()
    let local = host("10.0.0.1:1", foundation: "1", priority: 1000)
    for number in 1...150 {
      checklist.insert(
        local: local, remote: host("192.0.2.1:\(number)", foundation: "r", priority: UInt32(number)),
        role: .controlling)
    }
    #expect(checklist.pairs.count == 100)
    #expect(checklist.pairs.map(\.remote.priority).min() == 51)
    #expect(Set(checklist.pairs.map(\.id)).count == 100)
  }

  @Test func `addresses of two families or scopes are never paired`() {
    var checklist = Checklist()
    let locals = ["10.0.0.1:1", "[2001:db8::1]:1", "[fe80::1]:1"]
    let remotes = ["10.0.0.2:1", "[2001:db8::2]:1", "[fe80::2]:1"]
    for local in locals {
      for remote in remotes {
        checklist.insert(
          local: host(local, foundation: "1", priority: 1), remote: host(remote, foundation: "1", priority: 1),
          role: .controlled)
      }
    }
    #expect(checklist.pairs.map(\.local.address.description) == locals)
    #expect(checklist.pairs.map(\.remote.address.description) == remotes)
  }

  private func host(_ address: String, foundation: String, priority: UInt32) -> Candidate {
    Candidate(foundation: foundation, priority: priority, address: Endpoint(address)!, kind: .host)
  }
}
