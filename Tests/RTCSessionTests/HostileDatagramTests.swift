import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport
import Testing

@testable import RTCSession

/// Two connections on a path of 5 ms on which somebody injects damaged copies of everything, from the true addresses.
@Suite struct HostileDatagramTests {
  private final class Peer {
    var core: PeerConnection
    var output = Output<PeerConnection.Event>()
    var inbox: [(source: Endpoint, destination: Endpoint, bytes: [UInt8])] = []
    var received = 0

    init(_ name: String, _ address: IPAddress, seed: UInt64) throws {
      let provider = try CryptoProvider(host: SeededHost(seed: seed).host)
      let transport = MediaTransport.Configuration(
        ice: ICEConfiguration(hosts: [Endpoint(address, 5000)]), name: name, provider: provider,
        identity: try provider.identity(named: name))
      core = PeerConnection(
        PeerConnection.Configuration(transport: transport, cname: name, ntp: .simulation),
        entropy: EntropySource(SeededGenerator(seed: seed, stream: name)))
    }

    func receive(_ bytes: [UInt8], from source: Endpoint, to destination: Endpoint, at now: Instant) {
      let datagram = Datagram(from: source, to: destination, bytes: bytes.span)
      if core.receive(datagram, at: now, into: &output) != nil { received += 1 }
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `damaged datagrams are dropped and counted, and media goes on`(seed: UInt64) throws {
    var dice = SeededGenerator(seed: seed, stream: "attacker")
    let a = try Peer("a", IPAddress(192, 0, 2, 1), seed: seed)
    let b = try Peer("b", IPAddress(192, 0, 2, 2), seed: seed)
    a.core.addTransceiver(.video, direction: .sendonly)
    var now = Instant.start
    let offer = try a.core.createOffer()
    try a.core.setLocal(.offer(offer), at: now, into: &a.output)
    try b.core.setRemote(.offer(offer), at: now, into: &b.output)
    let answer = try b.core.createAnswer()
    try b.core.setLocal(.answer(answer), at: now, into: &b.output)
    try a.core.setRemote(.answer(answer), at: now, into: &a.output)
    var encoder = ModelledVP8(seed: seed, stream: "video", payload: .filler)
    var sent = 0
    for step in 0..<600 {
      now += .milliseconds(5)
      if step.isMultiple(of: 6), a.core.canSend(on: 0) {
        var buffer = ByteWriter()
        let frame = encoder.encode(rtpTimestamp: UInt32(step) * 450, captureTime: now, into: &buffer)
        a.core.send(frame, in: buffer.bytes.span, on: 0, at: now, into: &a.output.datagrams)
      }
      for (peer, other) in [(a, b), (b, a)] {
        peer.core.handleTimeout(at: now, into: &peer.output)
        for event in peer.output.takeEvents() {
          if case .candidate(let candidate) = event {
            other.core.addRemoteCandidate(candidate, at: now, into: &other.output)
          }
        }
        let outgoing = peer.output.datagrams
        for index in 0..<outgoing.count {
          let datagram = outgoing[index]
          if datagram.bytes[0] >> 6 == 2 { sent += peer === a ? 1 : 0 }
          other.inbox.append((datagram.source, datagram.destination, datagram.bytes.array()))
        }
        peer.output.removeAll()
      }
      for peer in [a, b] {
        let arrived = peer.inbox
        peer.inbox = []
        for datagram in arrived {
          // A damaged copy comes first, so that it meets the state that the true one was made for.
          // Before there are keys a forged message can end a DTLS handshake, so damage waits for the keys; noise does not.
          if a.core.transport.isReady, b.core.transport.isReady {
            let damaged = Self.damage(datagram.bytes, &dice)
            peer.receive(damaged, from: datagram.source, to: datagram.destination, at: now)
          }
          peer.receive(datagram.bytes, from: datagram.source, to: datagram.destination, at: now)
        }
        let noise = (0..<Int(dice.next() % 60)).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
        peer.receive(
          noise, from: Endpoint(IPAddress(192, 0, 2, 9), 9), to: Endpoint(IPAddress(192, 0, 2, 1), 5000), at: now)
      }
    }
    #expect(a.core.transport.isReady && b.core.transport.isReady)
    #expect(sent > 200)
    // Reports of `a` are among what it sent; every video packet must have got through beside its damaged copy.
    #expect(b.received > 200 && b.received <= sent)
    #expect(b.core.transport.drops.unauthenticated > 100)
  }

  @Test func `damaged descriptions are refused or answered, and never trap`() throws {
    var dice = SeededGenerator(seed: 9, stream: "attacker")
    let offerer = try Peer("offerer", IPAddress(192, 0, 2, 1), seed: 1)
    offerer.core.addTransceiver(.audio, direction: .sendrecv)
    offerer.core.addTransceiver(.video, direction: .sendrecv)
    let text = Array(try offerer.core.createOffer().description.utf8)
    let answerer = try Peer("answerer", IPAddress(192, 0, 2, 2), seed: 2)
    var parsed = 0
    for _ in 0..<400 {
      guard let offer = try? SessionDescription(parsing: Self.damage(text, &dice)) else { continue }
      parsed += 1
      do {
        try answerer.core.setRemote(.offer(offer), at: .start, into: &answerer.output)
        _ = try answerer.core.createAnswer()
      } catch {}
    }
    #expect(parsed > 20)
  }

  /// Cuts, flips, doubles or overwrites some bytes.
  private static func damage(_ bytes: [UInt8], _ dice: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0...dice.next() % 3 where !bytes.isEmpty {
      let place = Int(dice.next() % UInt64(bytes.count))
      switch dice.next() % 4 {
      case 0: bytes[place] ^= 1 << (dice.next() % 8)
      case 1: bytes[place] = UInt8(truncatingIfNeeded: dice.next())
      case 2: bytes.removeLast(Int(dice.next() % UInt64(bytes.count)))
      default: bytes.insert(contentsOf: bytes[place...].prefix(8), at: place)
      }
    }
    return bytes
  }
}
