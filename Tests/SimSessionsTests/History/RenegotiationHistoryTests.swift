import RTCPrimitives
import RTCSession
import SimNodes
import Testing

@testable import SimSessions

/// Changes that both ends have to agree on in the middle of a call.
struct RenegotiationHistoryTests {
  private func ends(_ history: History) throws -> [ConnectionSnapshot] {
    let last = try #require(history.moments.first { $0.milestone.kind == .hangUp }).ends
    return try last.map { try #require($0.connections.first) }
  }

  private func videoPackets(_ connection: ConnectionSnapshot) -> [Int] {
    connection.inbound.filter { $0.kind == "video" }.map { Int($0.packetsReceived) }
  }

  @Test func `who takes the camera off the call is seen no more, and still sees the other`() throws {
    let run = try Calls.run("two-peers")
    let original = run.record()
    let place = try #require(original.moment(containing: "first frame decoded", from: 0))
    let fork = try run.record(WhatIf("remove-track client-1", at: place), in: original)
    let (before, after) = (try ends(original), try ends(fork))
    #expect(
      after.map { $0.transceivers.map(\.currentDirection) } == [["sendrecv", "recvonly"], ["sendrecv", "sendonly"]])
    #expect(videoPackets(after[1])[0] * 5 < videoPackets(before[1])[0])
    #expect(videoPackets(after[0])[0] * 10 > videoPackets(before[0])[0] * 9)
    #expect(after.map(\.signalingState) == ["stable", "stable"])
  }

  @Test func `video that is given up leaves a place in the descriptions, which the next track takes`() throws {
    let run = try Calls.run("two-peers")
    let original = run.record()
    let place = try #require(original.moment(containing: "first frame decoded", from: 0))
    let stopped = try run.record(WhatIf("stop-video client-1", at: place), in: original)
    #expect(
      try ends(stopped).map { $0.transceivers.map(\.currentDirection) } == [
        ["sendrecv", "inactive"], ["sendrecv", "inactive"],
      ])
    let agreed = try #require(stopped.moments.last { $0.milestone.kind == .setRemoteAnswer }).number
    let again = try run.record(WhatIf("add-track client-2", at: agreed + 1), in: stopped)
    let offer = try #require(again.moments.last { $0.milestone.kind == .createOffer })
    #expect(offer.lane == "client-2" && offer.milestone.detail == "to client-1, 2 m-lines")
    let connections = try ends(again)
    #expect(connections.map { $0.transceivers.compactMap(\.mid) } == [["0", "1", "2"], ["0", "1", "2"]])
    #expect(try #require(videoPackets(connections[0]).last) > 100)
  }
}
