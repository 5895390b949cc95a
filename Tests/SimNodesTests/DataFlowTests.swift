import RTCPrimitives
import RTCSession
import Testing

@testable import SimNodes

@Suite struct DataFlowTests {
  private func bytes(_ message: DataChannelMessage) -> [UInt8] {
    guard case .binary(let bytes) = message else { return [] }
    return bytes
  }

  @Test func `a receiver finds time, loss and order in the messages`() throws {
    var sender = DataFlow(.game, channel: 0)
    var receiver = DataFlow(.game, channel: 0)
    var messages: [[UInt8]] = []
    for number in 0..<5 {
      messages.append(bytes(sender.message(size: 20, at: .start + .milliseconds(10 * number))))
      sender.noteSent(20)
    }
    // The second is lost, the fourth and the third change places, the fifth is on its way.
    for index in [0, 3, 2] { receiver.receive(messages[index], at: .start + .milliseconds(100)) }
    let report = receiver.report
    #expect(report.messagesReceived == 3)
    #expect(report.bytesReceived == 60)
    #expect(report.messagesLost == 1)
    #expect(report.messagesOutOfOrder == 1)
    #expect(report.latency.maximum == .milliseconds(100))
    #expect(report.goodput == .bitsPerSecond(60 * 8 * 10))
  }

  @Test func `of what a server forwards, nobody misses what was sent before he came`() {
    var sender = DataFlow(.chat, channel: 0)
    var receiver = DataFlow(.chat, channel: 0, sender: "client-2")
    for number in 0..<10 {
      let message = bytes(sender.message(size: 20, at: .start))
      sender.noteSent(20)
      // The first seven were sent before, the tenth overtakes the ninth.
      if number == 7 || number == 9 { receiver.receive(message, at: .start + .milliseconds(1)) }
    }
    #expect(receiver.report.messagesReceived == 2)
    #expect(receiver.report.messagesLost == 1)
    #expect(receiver.report.messagesOutOfOrder == 0)
  }

  @Test(arguments: ["chat/client-2", "game/a/b", "file/"])
  func `a label tells what is forwarded and who sent it`(text: String) throws {
    let label = try #require(ForwardedLabel(text))
    #expect(label.description == text)
    #expect(DataWorkload(rawValue: label.label) != nil)
    #expect(ForwardedLabel(label.label) == nil)
  }

  @Test(arguments: [16, 31, 32, 33, 47, 48, 63, 64, 65, 1000])
  func `every chunk of a file has room for a header`(size: Int) {
    var flow = DataFlow(.file, channel: 0)
    flow.remaining = size
    while flow.remaining > 0 {
      let chunk = flow.nextChunk(of: 32)
      #expect((DataFlow.headerSize...32).contains(chunk))
      guard chunk > 0 else { return }
      flow.remaining -= chunk
    }
    #expect(flow.remaining == 0)
  }

  @Test func `what has no header, or one from the future, is not counted`() {
    var flow = DataFlow(.chat, channel: 0)
    let message = bytes(flow.message(size: 16, at: .start + .seconds(2)))
    flow.receive([], at: .start)
    flow.receive(Array(message.dropLast()), at: .start + .seconds(3))
    flow.receive(message, at: .start + .seconds(1))
    flow.receive([UInt8](repeating: 0xFF, count: 16), at: .start + .seconds(3))
    #expect(flow.report == DataReport(.chat))
  }
}
