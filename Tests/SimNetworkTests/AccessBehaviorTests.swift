import SimNetwork
import Testing

struct AccessBehaviorTests {
  @Test func `every listed name means itself, and says what it is`() throws {
    for named in AccessBehaviors.all {
      #expect(try AccessBehavior(id: named.name) == named.access)
      #expect(!named.summary.isEmpty)
    }
    for named in NATBehaviors.all {
      #expect(try AccessBehavior(id: named.name).translators == [named.behavior])
    }
  }

  @Test func `a name of the grid says its mapping and its filtering, and where it depends ports are random`() throws {
    let access = try AccessBehavior(id: "adm-apdf")
    #expect(access.translators.map(\.mapping) == [.addressDependent])
    #expect(access.translators.map(\.filtering) == [.addressAndPortDependent])
    #expect(access.translators.map(\.portAssignment) == [.random])
    #expect(try AccessBehavior(id: "eim-adf").translators.map(\.portAssignment) == [.preserving])
    #expect(try AccessBehavior(id: "apdm-apdf").translators == AccessBehavior(id: "symmetric").translators)
  }

  @Test func `a chain is its NATs from the inside out`() throws {
    let chain = try AccessBehavior(id: "eim-eif+apdm-apdf+port-restricted")
    let links = try ["eim-eif", "apdm-apdf", "port-restricted"].map { try AccessBehavior(id: $0).translators[0] }
    #expect(chain.translators == links && chain.name == "eim-eif+apdm-apdf+port-restricted" && chain.firewall == nil)
  }

  @Test func `behind an at stands who owns the last NAT, which others may share`() throws {
    let access = try AccessBehavior(id: "eim-eif+apdm-apdf@isp")
    #expect(access.owner == "isp")
    #expect(try AccessBehavior(id: "eim-eif+apdm-apdf").translators == access.translators)
    #expect(try AccessBehavior(id: "eim-adf@lan").translators.count == 1)
    let others = try ["eim-eif@isp", "eim-eif@other", "eim-adf+symmetric@isp"].map { try AccessBehavior(id: $0) }
    #expect(others.map { access.contradicts($0) } == [true, false, false])
    #expect(throws: AccessBehaviorError.noOwner) { try AccessBehavior(id: "eim-eif@") }
    #expect(throws: AccessBehaviorError.self) { try AccessBehavior(id: "open@isp") }
  }

  @Test func `what is no access is refused with what is`() {
    #expect(throws: AccessBehaviorError.self) { try AccessBehavior(id: "eim-apf") }
    #expect(throws: AccessBehaviorError.self) { try AccessBehavior(id: "eim-eif+") }
    #expect(throws: AccessBehaviorError.self) { try AccessBehavior(id: "") }
    #expect(throws: AccessBehaviorError.chainTooLong(5, limit: 4)) {
      try AccessBehavior(id: "eim-eif+eim-eif+eim-eif+eim-eif+eim-eif")
    }
    do {
      _ = try AccessBehavior(id: "eim-eif+udp-blocked")
      Issue.record("a firewall is no link of a chain")
    } catch {
      guard case .noNAT("udp-blocked", let known) = error else {
        Issue.record("it says which link is none")
        return
      }
      #expect(known.contains("eim-eif") && !known.contains("open"))
    }
  }
}
