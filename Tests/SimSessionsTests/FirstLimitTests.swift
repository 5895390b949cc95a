import RTCPrimitives
import SimNetwork
import SimNodes
import Testing

@testable import SimSessions

struct FirstLimitTests {
  private func link(offered: Int64, drops: Int64, first: Duration? = nil) -> LinkStatistics {
    var link = LinkStatistics()
    (link.offeredPackets, link.queueDrops) = (offered, drops)
    link.firstQueueDrop = first.map { .start + $0 }
    return link
  }

  @Test func `a link breaks by what its queue drops in the window, from its first drop in the run on`() {
    let quiet = link(offered: 100, drops: 0)
    let joining = link(offered: 100, drops: 1, first: .seconds(2))
    let broken = link(offered: 100, drops: 2, first: .seconds(7))
    #expect(FirstLimit.firstDrop(quiet, broken) == .start + .seconds(7))
    #expect(FirstLimit.firstDrop(joining, broken) == .start + .seconds(2))
    #expect(FirstLimit.firstDrop(joining, link(offered: 100, drops: 1, first: .seconds(8))) == nil)
  }

  @Test func `a link that carries nothing in the window is judged by what came before`() {
    let idle = link(offered: 0, drops: 0)
    #expect(FirstLimit.firstDrop(link(offered: 10, drops: 9, first: .seconds(1)), idle) == .start + .seconds(1))
    #expect(FirstLimit.firstDrop(link(offered: 10, drops: 0), idle) == nil)
  }

  /// Of a processor that refuses a piece of work at a time.
  private func waiting(refusedAt time: Duration? = nil) -> WaitingTimes {
    var processor = Processor(cores: 1, costs: MeasuredCosts())
    if let time { processor.refuse(.videoDecode, at: .start + time) }
    return processor.waiting
  }

  @Test func `a processor breaks by the window, from its first long wait in the run on`() {
    let (idle, early, late) = (waiting(), waiting(refusedAt: .seconds(2)), waiting(refusedAt: .seconds(7)))
    #expect(FirstLimit.firstLongWait(idle, late) == .start + .seconds(7))
    #expect(FirstLimit.firstLongWait(early, late) == .start + .seconds(2))
    #expect(FirstLimit.firstLongWait(early, idle) == .start + .seconds(2))
    #expect(FirstLimit.firstLongWait(idle, idle) == nil)
  }

  private func verdict(_ cells: (participants: Int, limit: FirstLimit, missing: Int)...) -> Verdict {
    Verdict(
      topology: "mesh",
      cells: cells.map {
        Verdict.Cell(participants: $0.participants, limit: $0.limit, planned: 3, established: 3 - $0.missing)
      })
  }

  @Test func `a topology holds while no limit breaks and every connection is made`() {
    let held = verdict((2, .none, 0), (3, .none, 0))
    #expect(held.heldUpTo == 3 && held.brokenBy == .none)
    #expect(held.sentence == "mesh: held up to 3 participants, the most that were tried.")
    let broken = verdict((2, .none, 0), (3, .uplink, 0), (5, .none, 0))
    #expect(broken.heldUpTo == 2 && broken.brokenBy == .uplink)
    #expect(broken.sentence == "mesh: held up to 2 participants, then the clients' uplinks overflowed.")
    let apart = verdict((2, .none, 0), (3, .none, 2))
    #expect(apart.heldUpTo == 2 && apart.brokenBy == .none)
    #expect(apart.sentence == "mesh: held up to 2 participants, then 2 of 3 connections could not be made.")
    let both = verdict((2, .clientCPU, 1))
    #expect(both.heldUpTo == nil && both.brokenBy == .clientCPU)
    #expect(
      both.sentence == "mesh: did not hold even with the fewest participants: the clients' processors fell behind "
        + "and 1 of 3 connections could not be made.")
  }
}
