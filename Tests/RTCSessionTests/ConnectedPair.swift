import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport

@testable import RTCSession

/// Two connections on a path in virtual time, whose every datagram is logged and may be dropped or held up.
final class ConnectedPair {
  /// A datagram as it left.
  struct Sent {
    let side: Int
    let time: Instant
    let size: Int
    let kind: PacketKind
    let bytes: [UInt8]
    var isDropped = false

    var isMedia: Bool { kind == .rtp || kind == .rtcp }
    var rtp: RTPPacket? { kind == .rtp ? try? RTPPacket(parsing: bytes.span) : nil }
    /// What it says, in `model` fidelity.
    var rtcp: [RTCPPacket] { kind == .rtcp ? (try? RTCPCompound.parse(bytes.span)) ?? [] : [] }
  }

  final class Side {
    var core: PeerConnection
    var output = Output<PeerConnection.Event>()
    var events: [PeerConnection.Event] = []
    /// RTP timestamps of the frames that were played, by transceiver.
    var played: [Int: [UInt32]] = [:]
    /// What each transceiver sends: a frame every 40 ms, and those sent so far.
    var encoders: [Int: ModelledVP8] = [:]
    var sentFrames: [Int: [UInt32]] = [:]
    var needsKeyFrame: Set<Int> = []

    init(core: consuming PeerConnection) { self.core = core }
  }

  private struct Arrival {
    let time: Instant
    let side: Int
    let source: Endpoint
    let destination: Endpoint
    let bytes: [UInt8]
    let elided: Int
  }

  let sides: [Side]
  let fidelity: Fidelity
  private(set) var now = Instant.start
  private(set) var sent: [Sent] = []
  var delay = Duration.milliseconds(20)
  /// What more one datagram takes, and whether it is dropped: asked for each in the order of sending.
  var fate: (Sent) -> (extra: Duration, isDropped: Bool) = { _ in (.zero, false) }
  private var flying: [Arrival] = []
  private var nextFrame = Instant.start

  init(
    _ fidelity: Fidelity = .model, seed: UInt64 = 1, hasSCTP: [Bool] = [true, true],
    configure: (inout PeerConnection.Configuration, Int) -> Void = { _, _ in }
  ) throws {
    self.fidelity = fidelity
    sides = try (0..<2).map { index in
      let host = SeededHost(seed: seed)
      let provider = try CryptoProvider(host: host.host)
      let name = "side-\(index)"
      let transport = MediaTransport.Configuration(
        ice: ICEConfiguration(hosts: [Endpoint(IPAddress(192, 0, 2, UInt8(index + 1)), 5000)]), fidelity: fidelity,
        name: name, provider: provider, identity: try provider.identity(named: name),
        sctp: hasSCTP[index] ? SCTPStack(host: host.sctp, name: name) : nil)
      var configuration = PeerConnection.Configuration(transport: transport, cname: name, ntp: .simulation)
      configure(&configuration, index)
      return Side(
        core: PeerConnection(
          configuration,
          entropy: EntropySource(SeededGenerator(seed: seed, stream: name))))
    }
  }

  var a: Side { sides[0] }
  var b: Side { sides[1] }

  /// One side offers, the other answers in the directions of `answer`, by transceiver.
  ///
  /// - Parameters:
  ///   - edit: what becomes of the text of both descriptions.
  ///   - meanwhile: what happens while the answer is on its way.
  func negotiate(
    from offering: Int = 0, restartingICE: Bool = false, answer directions: [MediaDirection?] = [],
    editing edit: (String) -> String = { $0 }, whileAnswerTravels meanwhile: () -> Void = {}
  ) throws {
    let (offerer, answerer) = (sides[offering], sides[1 - offering])
    let offer = try SessionDescription(
      parsing: edit(try offerer.core.createOffer(restartsICE: restartingICE).description))
    try offerer.core.setLocal(.offer(offer), at: now, into: &offerer.output)
    try answerer.core.setRemote(.offer(offer), at: now, into: &answerer.output)
    for (index, direction) in directions.enumerated() {
      if let direction { answerer.core.setDirection(direction, of: index) }
    }
    let answer = try SessionDescription(parsing: edit(answerer.core.createAnswer().description))
    try answerer.core.setLocal(.answer(answer), at: now, into: &answerer.output)
    meanwhile()
    try offerer.core.setRemote(.answer(answer), at: now, into: &offerer.output)
    collect()
  }

  /// Negotiates and runs until both sides are ready.
  func connect(
    answer directions: [MediaDirection?] = [], editing edit: (String) -> String = { $0 }
  ) throws {
    try negotiate(answer: directions, editing: edit)
    for _ in 0..<50 where !(a.core.transport.isReady && b.core.transport.isReady) { run(for: .milliseconds(100)) }
  }

  /// Lets a transceiver of a side send a frame every 40 ms.
  func startVideo(_ side: Int, on transceiver: Int) {
    sides[side].encoders[transceiver] = ModelledVP8(
      seed: UInt64(side), stream: "video/\(transceiver)", payload: fidelity == .wire ? .filler : .elided)
  }

  func stopVideo() { for side in sides { side.encoders = [:] } }

  func close(_ side: Int) {
    sides[side].core.close(at: now, into: &sides[side].output)
    collect()
  }

  func run(for duration: Duration) {
    let end = now + duration
    while true {
      let due = [flying.first?.time, nextFrame, dueOf(a), dueOf(b)].compactMap { $0 }.min() ?? end
      guard due <= end else { break }
      now = max(now, due)
      step()
    }
    now = end
  }

  /// What a side sent of one kind of packet.
  func sent(_ side: Int, _ kind: PacketKind) -> [Sent] { sent.filter { $0.side == side && $0.kind == kind } }

  /// What a side said in RTCP, with the time of sending.
  func rtcp(_ side: Int) -> [(time: Instant, packet: RTCPPacket)] {
    sent(side, .rtcp).flatMap { datagram in datagram.rtcp.map { (datagram.time, $0) } }
  }

  private func dueOf(_ side: Side) -> Instant? {
    let playouts = side.core.transceivers.compactMap { $0.receiver?.nextPlayout }
    return ([side.core.nextTimeout].compactMap { $0 } + playouts).min()
  }

  private func step() {
    while let first = flying.first, first.time <= now {
      flying.removeFirst()
      let side = sides[first.side]
      let datagram = Datagram(
        from: first.source, to: first.destination, bytes: first.bytes.span, elided: first.elided)
      _ = side.core.receive(datagram, at: now, into: &side.output)
      collect()
    }
    if nextFrame <= now {
      for side in sides { capture(side) }
      nextFrame = now + .milliseconds(40)
    }
    for side in sides {
      side.core.handleTimeout(at: now, into: &side.output)
      for (index, transceiver) in side.core.transceivers.enumerated() {
        for case let receiver? in transceiver.receivers {
          while let playout = receiver.nextVideo(at: now) {
            side.played[index, default: []].append(playout.frame.rtpTimestamp)
          }
        }
      }
    }
    collect()
  }

  private func capture(_ side: Side) {
    for index in side.encoders.keys.sorted() where side.core.canSend(on: index) {
      var buffer = ByteWriter()
      let timestamp = UInt32(truncatingIfNeeded: now.nanoseconds / 1_000_000 * 90)
      let isForced = side.needsKeyFrame.remove(index) != nil
      guard
        let frame = side.encoders[index]?.encode(
          forcingKeyFrame: isForced, rtpTimestamp: timestamp, captureTime: now, into: &buffer)
      else { continue }
      side.core.send(frame, in: buffer.bytes.span, on: index, at: now, into: &side.output.datagrams)
      side.sentFrames[index, default: []].append(timestamp)
    }
  }

  /// Takes what the sides want done: candidates to the other, datagrams on their way.
  private func collect() {
    for index in 0..<2 {
      let (side, other) = (sides[index], sides[1 - index])
      for event in side.output.takeEvents() {
        side.events.append(event)
        switch event {
        case .candidate(let candidate): other.core.addRemoteCandidate(candidate, at: now, into: &other.output)
        case .keyFrameRequested(let transceiver, _): side.needsKeyFrame.insert(transceiver)
        default: break
        }
      }
      let outgoing = side.output.datagrams
      for place in 0..<outgoing.count { send(outgoing[place], from: index) }
      side.output.datagrams.removeAll()
    }
    if !a.output.events.isEmpty || !a.output.datagrams.isEmpty { collect() }
  }

  private func send(_ datagram: Datagram, from side: Int) {
    var entry = Sent(
      side: side, time: now, size: datagram.size.bytes, kind: Demultiplexer.classify(datagram.bytes),
      bytes: datagram.bytes.array())
    let (extra, isDropped) = fate(entry)
    entry.isDropped = isDropped
    sent.append(entry)
    guard !isDropped else { return }
    let arrival = Arrival(
      time: now + delay + extra, side: 1 - side, source: datagram.source, destination: datagram.destination,
      bytes: entry.bytes, elided: datagram.elided)
    let place = flying.firstIndex { $0.time > arrival.time } ?? flying.count
    flying.insert(arrival, at: place)
  }
}
