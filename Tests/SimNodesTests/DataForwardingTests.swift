import RTCPrimitives
import SimNetwork
import SimNodes
import Testing

/// Data channels through a server: who has which, and what becomes of those of one who leaves.
struct DataForwardingTests {
  enum Kind: CaseIterable {
    case forwarding, mixing
  }

  private func room(_ kind: Kind, _ count: Int) -> Room {
    let room = Room {
      $0.topology = kind == .forwarding ? .forwarding : .mixing(.individual)
      $0.count = count
      $0.media = { _ in MediaSettings(video: nil, audio: nil) }
      $0.data = DataSettings(
        chat: DataSettings.Chat(interval: .milliseconds(100), size: .bytes(200)),
        game: DataSettings.Game(rate: 50, size: .bytes(100)))
    }
    for index in 0..<count { room.join(index, at: .milliseconds(100 * index)) }
    room.run(until: .seconds(3))
    return room
  }

  private func channels(_ connection: ConnectionSummary?) -> [Int?] {
    [connection?.dataChannelsOpened, connection?.dataChannelsClosed]
  }

  @Test(arguments: Kind.allCases)
  func `everybody has one channel of each workload to send on, and one for that of every other`(kind: Kind) throws {
    let room = room(kind, 4)
    for report in room.reports { #expect(channels(report.connections.first) == [2 * (1 + 3), 0]) }
    for connection in try #require(room.serverReport).connections { #expect(channels(connection) == [2 * (1 + 3), 0]) }
  }

  @Test(arguments: Kind.allCases)
  func `the channels of one who leaves are closed at the others, who go on`(kind: Kind) throws {
    let room = room(kind, 3)
    room.hangUp(0)
    room.run(until: .seconds(4))
    let before = room.reports
    for report in before.dropFirst() { #expect(channels(report.connections.first) == [2 * (1 + 2), 2]) }
    #expect(channels(try #require(room.serverReport).connections.last) == [2 * (1 + 2), 2])
    room.run(until: .seconds(5))
    for (index, report) in room.reports.enumerated() {
      let received = zip(report.data, before[index].data).map { $0.messagesReceived - $1.messagesReceived }
      #expect(received == (index == 0 ? [0, 0] : [10, 50]), "\(report.name)")
      #expect(report.data.map(\.messagesLost) == [0, 0])
    }
  }

  /// Three people, of whom the second gets 1 Mbit/s, while the third one's file of 3 MB is under way.
  private func roomWithFile() -> Room {
    let room = Room {
      $0.topology = .forwarding
      $0.media = { _ in MediaSettings(video: nil, audio: nil) }
      $0.data = DataSettings(file: DataSettings.FileTransfer(size: .bytes(3_000_000)))
      $0.downlink = { index in
        let delay = Duration.milliseconds(10)
        guard index == 1 else { return Link.Configuration(propagationDelay: delay) }
        return Link.Configuration(
          rate: .megabitsPerSecond(1), propagationDelay: delay, queueLimit: .time(.milliseconds(200)))
      }
    }
    for index in 0..<3 { room.join(index, at: .seconds(index)) }
    room.run(until: .seconds(4))
    return room
  }

  @Test func `nobody waits any more for a slow receiver who has left`() throws {
    let room = roomWithFile()
    #expect(room.reports[0].data[0].bytesReceived < 5_500_000)
    #expect(try #require(room.serverReport).data.holds > 0)
    room.hangUp(1)
    room.run(until: .seconds(7))
    let report = room.reports[0].data[0]
    #expect((report.bytesReceived, report.messagesLost, report.messagesOutOfOrder) == (6_000_000, 0, 0))
  }

  @Test func `what came of a sender before he left is forwarded, and then his channels are closed`() throws {
    let room = roomWithFile()
    let before = room.reports.map(\.data[0].messagesReceived)
    room.hangUp(2)
    room.run(until: .seconds(60))
    let data = try #require(room.serverReport).data
    for (index, report) in room.reports.enumerated().dropLast() {
      #expect(report.data[0].messagesReceived > before[index])
      #expect((report.data[0].messagesLost, report.data[0].messagesOutOfOrder) == (0, 0))
      // The first one also has had the second one's file.
      #expect(channels(report.connections.first) == [index == 0 ? 3 : 2, 1])
    }
    #expect(data.messagesForwarded == room.reports.map(\.data[0].messagesReceived).reduce(0, +))
    #expect(room.simulation.packetsInFlight == 0)
  }

  @Test(arguments: Kind.allCases)
  func `after everybody has hung up nothing is sent and no timer runs`(kind: Kind) {
    let room = room(kind, 3)
    for index in 0..<3 { room.hangUp(index) }
    room.run(until: .seconds(5))
    let sent = room.wire.sent.count
    room.run(until: .seconds(60))
    #expect(room.wire.sent.count == sent)
    let events = room.simulation.eventCount
    room.run(until: .seconds(600))
    #expect(room.simulation.eventCount == events)
    #expect(room.simulation.packetsInFlight == 0)
  }
}
