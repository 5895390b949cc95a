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

  @Test func `a datagram has arrived when the kernel got it, not when a busy thread looks`() throws {
    let loop = try SocketLoop()
    var told: [(arrival: Instant, now: Instant)] = []
    var receiver: DatagramSocket?
    receiver = try DatagramSocket(Endpoint(IPAddress(127, 0, 0, 1), 0), on: loop) { _, now in
      if let receiver { told.append((receiver.arrivedAt, now)) }
    }
    let sender = try DatagramSocket(Endpoint(IPAddress(127, 0, 0, 1), 0), on: loop) { _, _ in }
    let destination = try #require(receiver?.local)
    let begin = loop.clock.now
    for number in 0..<2 {
      sender.send([UInt8(number)].span, to: destination)
      // The thread has other work.
      while loop.clock.now < begin + .milliseconds(30) * (number + 1) {}
    }
    let end = loop.clock.now + .seconds(5)
    while told.count < 2, loop.clock.now < end { loop.turn(waitingAtMost: .milliseconds(10)) }
    #expect(told.count == 2)
    let (first, second) = (try #require(told.first), try #require(told.last))
    #expect(second.arrival - first.arrival > .milliseconds(25))
    #expect(first.now - first.arrival > .milliseconds(55))
    #expect(second.now - first.now < .milliseconds(25))
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
