import Foundation
import RTCPrimitives
import RTCSession
import RTCSockets
import Testing

/// Our connections over real sockets, with each other.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct SocketConnectionTests {
  @Test(arguments: [IPAddress(127, 0, 0, 1), IPAddress(v6High: 0, low: 1)])
  func `two connections exchange media over real sockets and close`(address: IPAddress) throws {
    let configuration = SocketConnection.Configuration(addresses: [address])
    let pair = try SocketPair(configuration, configuration)
    try pair.negotiate()
    #expect(pair.run { pair.a.isReady && pair.b.isReady })
    for _ in 0..<5 {
      pair.a.sendFrame()
      pair.b.sendFrame()
    }
    let sent = (pair.a.connection.socketStatistics[0], pair.b.connection.socketStatistics[0])
    #expect(pair.run { pair.a.packets >= 5 && pair.b.packets >= 5 })
    #expect(sent.0.packetsDiscardedOnSend == 0 && sent.1.sendErrors == 0)
    pair.a.connection.close()
    #expect(pair.run { pair.b.dtlsIsClosed })
    pair.b.connection.close()
    #expect(pair.a.connection.nextTimeout == nil && pair.b.connection.nextTimeout == nil)
  }

  @Test func `another thread reaches the loop through a mailbox, which is bounded`() async throws {
    let loop = try SocketLoop()
    var received: [Int] = []
    let mailbox = loop.makeMailbox(limit: 3) { (number: Int) in received.append(number) }
    let isFull = await withCheckedContinuation { continuation in
      Thread.detachNewThread { continuation.resume(returning: (1...4).map { mailbox.post($0) }) }
    }
    loop.turn(waitingAtMost: .seconds(5))
    #expect(received == [1, 2, 3])
    #expect(isFull == [true, true, true, false])
    #expect(mailbox.post(5))
    loop.turn(waitingAtMost: .seconds(5))
    #expect(received == [1, 2, 3, 5])
  }
}
