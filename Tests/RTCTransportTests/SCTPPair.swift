import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport

/// Two associations over a path in virtual time that loses what `loses` says.
final class SCTPPair {
  final class Side {
    var association: UsrsctpAssociation
    var output = SCTPOutput()
    var events: [SCTPEvent] = []
    /// When it was woken without anything having come.
    var wakes = 0

    init(_ association: consuming UsrsctpAssociation) { self.association = association }

    var messages: [SCTPMessage] {
      events.compactMap { if case .message(let message) = $0 { message } else { nil } }
    }
  }

  private struct Arrival {
    let time: Instant
    let side: Int
    let bytes: [UInt8]
  }

  /// Bytes of IPv4, UDP and a DTLS record with AES-GCM around a packet.
  static let overhead = 20 + 8 + 13 + 8 + 16

  let sides: [Side]
  private(set) var now = Instant.start
  /// Every packet as it left, with its time and sender: two runs are the same when these are.
  private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  private(set) var sent: [(side: Int, bytes: [UInt8])] = []
  var delay = Duration.milliseconds(10)
  var capacity: DataRate?
  /// What may wait for the capacity; more is lost.
  var queue: Duration?
  /// Packets that found the queue full, by sender.
  private(set) var dropped = [0, 0]
  var loses: (_ side: Int, _ bytes: [UInt8]) -> Bool = { _, _ in false }
  /// How often the process of a side has its turn: packets first, then timers; `nil` when it always runs.
  var turns: [Duration?] = [nil, nil]
  var keepsPackets = false
  private var free = [Instant.start, Instant.start]
  private var flying: [Arrival] = []

  init(
    seed: UInt64 = 1, starts: [SCTPConfiguration.Start] = [.active, .active],
    remoteMaxMessageSize: Int = SCTPConfiguration.maxMessageSize, mtu: Int = SCTPConfiguration().mtu
  ) {
    sides = (0..<2).map { index in
      var configuration = SCTPConfiguration()
      configuration.start = starts[index]
      configuration.remoteMaxMessageSize = remoteMaxMessageSize
      configuration.mtu = mtu
      let stack = SCTPStack(host: SeededHost(seed: seed).sctp, name: "side-\(index)")
      return Side(UsrsctpAssociation(configuration, on: stack))
    }
  }

  var a: Side { sides[0] }
  var b: Side { sides[1] }

  func connect() {
    begin()
    run(for: .milliseconds(500))
  }

  func begin() {
    for side in sides { side.association.connect(at: now, into: &side.output) }
    collect()
  }

  func send(
    _ side: Int, _ bytes: [UInt8], stream: UInt16 = 0, ppid: UInt32 = 53, isOrdered: Bool = true,
    reliability: DataChannelReliability = .reliable
  ) throws(SCTPError) {
    defer { collect() }
    try sides[side].association.send(
      SCTPMessage(stream: stream, ppid: ppid, bytes: bytes), isOrdered: isOrdered, reliability: reliability, at: now,
      into: &sides[side].output)
  }

  func deliver(_ bytes: [UInt8], to side: Int) {
    sides[side].association.handle(bytes.span, at: now, into: &sides[side].output)
    collect()
  }

  func reset(_ side: Int, _ streams: [UInt16]) {
    sides[side].association.resetStreams(streams, at: now, into: &sides[side].output)
    collect()
  }

  func close(_ side: Int) {
    sides[side].association.close(at: now, into: &sides[side].output)
    collect()
  }

  func setReading(_ side: Int, _ isReading: Bool) {
    sides[side].association.setReading(isReading, at: now, into: &sides[side].output)
    collect()
  }

  /// Lets go of what was told so far.
  func forgetEvents() { for side in sides { side.events.removeAll() } }

  func run(for duration: Duration) {
    let end = now + duration
    while let due = [flying.first?.time, nextTimeout(of: 0), nextTimeout(of: 1)].compactMap({ $0 }).min(), due <= end {
      now = max(now, due)
      while let first = flying.first, first.time <= now {
        flying.removeFirst()
        deliver(first.bytes, to: first.side)
      }
      for (index, side) in sides.enumerated() {
        guard let timeout = nextTimeout(of: index), timeout <= now else { continue }
        side.wakes += 1
        side.association.handleTimeout(at: now, into: &side.output)
      }
      collect()
    }
    now = end
  }

  private func nextTimeout(of side: Int) -> Instant? {
    sides[side].association.nextTimeout.map { turn(of: side, after: $0) }
  }

  /// When a side can attend to what happens at `time`.
  private func turn(of side: Int, after time: Instant) -> Instant {
    guard let turn = turns[side]?.nanoseconds else { return time }
    return Instant(nanoseconds: (time.nanoseconds + turn - 1) / turn * turn)
  }

  private func collect() {
    for (index, side) in sides.enumerated() {
      side.events += side.output.takeEvents()
      let output = side.output
      for number in 0..<output.packetCount { transmit(output.packet(number).array(), from: index) }
      side.output.removePackets()
    }
  }

  private func transmit(_ bytes: [UInt8], from side: Int) {
    note(UInt64(bitPattern: now.nanoseconds))
    note(UInt64(side))
    for byte in bytes { note(UInt64(byte)) }
    if keepsPackets { sent.append((side, bytes)) }
    guard !loses(side, bytes) else { return }
    var departure = now
    if let capacity {
      if let queue, free[side] - now > queue {
        dropped[side] += 1
        return
      }
      free[side] = max(now, free[side]) + capacity.time(for: DataSize(bytes: bytes.count + Self.overhead))
      departure = free[side]
    }
    let arrival = Arrival(time: turn(of: 1 - side, after: departure + delay), side: 1 - side, bytes: bytes)
    flying.insert(arrival, at: (flying.lastIndex { $0.time <= arrival.time } ?? -1) + 1)
  }

  private func note(_ value: UInt64) { hash = (hash ^ value) &* 0x100_0000_01B3 }
}
