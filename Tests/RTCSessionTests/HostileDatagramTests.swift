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

  @Test func `damaged descriptions are refused without a trace or answered to the end, and never trap`() throws {
    var dice = SeededGenerator(seed: 9, stream: "attacker")
    let offerer = try Peer("offerer", IPAddress(192, 0, 2, 1), seed: 1)
    offerer.core.addTransceiver(.audio, direction: .sendrecv)
    offerer.core.addTransceiver(.video, direction: .sendrecv)
    let text = Array(try offerer.core.createOffer().description.utf8)
    var answerer = try Peer("answerer", IPAddress(192, 0, 2, 2), seed: 2)
    var (refused, answered) = (0, 0)
    for _ in 0..<400 {
      guard let offer = try? SessionDescription(parsing: Self.damage(text, &dice)) else { continue }
      let before = answerer.core.snapshot(of: "offerer", at: .start)
      do {
        try answerer.core.setRemote(.offer(offer), at: .start, into: &answerer.output)
      } catch {
        refused += 1
        #expect(answerer.core.snapshot(of: "offerer", at: .start) == before, "\(error)")
        #expect(answerer.output.events.isEmpty && answerer.output.datagrams.isEmpty)
        continue
      }
      answered += 1
      // What was accepted can be answered.
      let answer = try answerer.core.createAnswer()
      try answerer.core.setLocal(.answer(answer), at: .start, into: &answerer.output)
      #expect(answerer.core.signaling.state == .stable)
      answerer = try Peer("answerer", IPAddress(192, 0, 2, 2), seed: 2)
    }
    #expect(refused > 5 && answered > 10, "\(refused) refused, \(answered) answered")
  }

  /// RFC 9429 §5.8.3: an offer that lacks what the transport needs is refused as a whole.
  @Test(arguments: ["ice-ufrag", "ice-pwd", "fingerprint"])
  func `an offer whose transport cannot be used is refused before anything changes`(missing: String) throws {
    let pair = try ConnectedPair()
    pair.a.core.addTransceiver(.audio, direction: .sendrecv)
    pair.a.core.addTransceiver(.video, direction: .sendrecv)
    let text = try pair.a.core.createOffer().description
    let lines = text.split(separator: "\r\n").filter { !$0.hasPrefix("a=\(missing):") }
    let offer = try SessionDescription(parsing: lines.map { "\($0)\r\n" }.joined())
    let before = pair.b.core.snapshot(of: "side-0", at: pair.now)
    #expect(throws: PeerConnectionError.negotiation(.missing(attribute: missing, section: 0))) {
      try pair.b.core.setRemote(.offer(offer), at: pair.now, into: &pair.b.output)
    }
    #expect(pair.b.core.snapshot(of: "side-0", at: pair.now) == before)
    #expect(pair.b.output.events.isEmpty)
  }

  @Test func `an answer of ours that does not fit is refused before anything changes`() throws {
    let pair = try ConnectedPair()
    pair.a.core.addTransceiver(.video, direction: .sendrecv)
    try pair.b.core.setRemote(.offer(pair.a.core.createOffer()), at: pair.now, into: &pair.b.output)
    var answer = try pair.b.core.createAnswer()
    answer.media[0].attributes.removeAll { $0 == .rtcpMux }
    _ = pair.b.output.takeEvents()
    let before = pair.b.core.snapshot(of: "side-0", at: pair.now)
    #expect(throws: PeerConnectionError.negotiation(.missing(attribute: "rtcp-mux", section: 0))) {
      try pair.b.core.setLocal(.answer(answer), at: pair.now, into: &pair.b.output)
    }
    #expect(pair.b.core.snapshot(of: "side-0", at: pair.now) == before)
    #expect(pair.b.output.events.isEmpty && pair.b.output.datagrams.isEmpty)
  }

  /// A section that leaves its transport to the bundle's first has it even when that one is rejected.
  @Test func `a section that is only for the bundle is answered when the first one cannot be`() throws {
    let offerer = OfferAnswerTests.peer("a")
    let offer = offerer.offer(
      [
        LocalMedia(mid: "0", kind: .video, codecs: [RTPCodec(payloadType: 98, name: "VP9", clockRate: 90000)]),
        LocalMedia(mid: "1", kind: .audio),
      ], policy: .maxBundle)
    let pair = try ConnectedPair()
    try pair.b.core.setRemote(.offer(offer), at: pair.now, into: &pair.b.output)
    try pair.b.core.setLocal(.answer(pair.b.core.createAnswer()), at: pair.now, into: &pair.b.output)
    #expect(pair.b.core.signaling.currentLocal?.media.map(\.isRejected) == [true, false])
    #expect(pair.b.core.remoteCredentials?.ufrag == "aufrag")
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
