import RTCMedia
import RTCPrimitives

/// A sender, a bottleneck and a receiver in one loop, in steps of a millisecond.
///
/// The encoder makes 30 frames a second of about the size that it is told, the receiver reports every 64 ms as Chromium was
/// recorded to do, and every second as RTCP does.
struct Bench {
  private let plan: BenchCase
  private var controller: any CongestionController
  private var now = Instant.start
  private var dice: SeededGenerator
  private var pacer = BenchPacer()
  private var link = BenchLink()
  private var receiver = BenchReceiver()
  private var history: [SentPacket] = []
  private var acknowledged = Set<Int64>()
  private var inFlight = DataSize.zero
  private var feedbacks: [(at: Instant, arrivals: [(number: Int64, at: Duration?)])] = []
  private var frames = 0
  private var consideredFrames = 0
  private var media = DataRate.zero
  private var wander = 0.0
  private var result = BenchResult()

  private static let step = Duration.milliseconds(1)
  private static let feedbackSteps = 64
  /// IPv4, UDP, RTP with its extensions, payload descriptor and SRTP's tag.
  private static let overhead = 76
  private static let payload = 1130
  private static let frameNoise = 0.08
  private static let wandering = 0.01
  private static let fill = 0.985

  static func run(_ plan: BenchCase, _ make: (RateLimits, Instant) -> any CongestionController) -> BenchResult {
    var bench = Bench(plan, make(plan.limits, .start))
    return bench.run()
  }

  private init(_ plan: BenchCase, _ controller: any CongestionController) {
    self.plan = plan
    self.controller = controller
    dice = SeededGenerator(seed: plan.seed, stream: "bench")
  }

  private mutating func run() -> BenchResult {
    controller.setAllocated(plan.encoderMaximum, at: now)
    let steps = Int(plan.duration.inSeconds * 1000)
    var nextFrame = 0.0
    for step in 1...steps {
      now += Self.step
      followPlan()
      if let timeout = controller.nextTimeout, timeout <= now { controller.handleTimeout(at: now) }
      deliverFeedback()
      if Double(step) >= nextFrame {
        nextFrame += 1000 / 30
        encode()
      }
      pacer.add(controller.takeProbes())
      send()
      link.serve(until: now)
      for packet in link.takeDelivered(at: now) { receiver.receive(packet, at: now) }
      if step % Self.feedbackSteps == 0 { report() }
      if step % 1000 == 0 { receiverReport() }
      if step % 100 == 0 { sample() }
    }
    result.waits = link.waits.map { ($0.at - .start, $0.wait) }
    return result
  }

  private var current: BenchCase.Step {
    plan.steps.last { now - .start >= $0.at } ?? plan.steps[0]
  }

  private mutating func followPlan() {
    link.rate = current.rate
    link.delay = current.delay
    link.limit = plan.queue
  }

  /// In the recordings Chromium keeps a sixth of the first 3.2 s for FEC that it does not send, and its VP8 encoder takes 1.5 s
  /// to fill what it is given.
  private var startShare: Double {
    let seconds = (now - .start).inSeconds
    return seconds > 3.2 ? 1 : 5.0 / 6 * max(0.57, min(1, 0.57 + 0.43 * (seconds - 0.8) / 0.7))
  }

  /// Frames vary by a tenth, and what an encoder with rate control makes of a second by a few percent.
  private mutating func encode() {
    let decision = controller.decision
    let target = Double(decision.target.bitsPerSecond)
    let packetsPerFrame = max(1, (target / 30 / 8 / Double(Self.payload + Self.overhead)).rounded(.up))
    let headers = packetsPerFrame * 30 * Double(Self.overhead) * 8
    media = .bitsPerSecond(Int64(max(10_000, min(target - headers, Double(plan.encoderMaximum.bitsPerSecond)))))
    let reduction = decision.frameReduction
    if reduction > 0 {
      consideredFrames += 1
      if consideredFrames % max(1, Int(1 / reduction)) == 0 { return }
    }
    frames += 1
    wander = 0.97 * wander + Self.wandering * dice.normal()
    let factor = startShare * max(0.3, Self.fill + wander + Self.frameNoise * dice.normal())
    let bytes = max(60, Int(Double(media.bitsPerSecond) / 30 / 8 * factor))
    let count = (bytes + Self.payload - 1) / Self.payload
    pacer.enqueue((0..<count).map { .bytes(bytes / count + ($0 < bytes % count ? 1 : 0) + Self.overhead) })
  }

  private mutating func send() {
    for (size, probe) in pacer.take(at: now, controller.decision) {
      let packet = SentPacket(number: Int64(history.count), size: size, sentAt: now, probe: probe)
      history.append(packet)
      inFlight += size
      controller.sent(packet)
      link.noteSent(size)
      if dice.happens(withProbability: plan.loss) { continue }
      link.enqueue(packet, at: now)
    }
  }

  private mutating func report() {
    guard let arrivals = receiver.takeReport() else { return }
    feedbacks.append((now + current.delay, arrivals))
  }

  private mutating func deliverFeedback() {
    while let feedback = feedbacks.first, feedback.at <= now {
      feedbacks.removeFirst()
      var results: [PacketResult] = []
      for (number, at) in feedback.arrivals {
        let packet = history[Int(number)]
        if !acknowledged.contains(number) {
          inFlight -= packet.size
          acknowledged.insert(number)
        }
        results.append(PacketResult(packet: packet, receivedAt: at))
      }
      controller.handle(PacketFeedback(arrivedAt: now, results: results, bytesInFlight: inFlight))
    }
  }

  private mutating func receiverReport() {
    let (fraction, packets) = receiver.takeLoss()
    controller.handle(lossReport: fraction, of: packets, at: now)
    controller.handle(roundTripTime: current.delay + current.delay + link.lastWait, at: now)
  }

  private mutating func sample() {
    let (sent, carried, longest, dropped) = link.takeCounts()
    let interval = Duration.milliseconds(100)
    result.samples.append(
      .init(
        at: now - .start, target: controller.decision.target, media: media, sent: sent.rate(over: interval),
        carried: carried.rate(over: interval), queueDelay: longest, dropped: dropped))
  }
}

/// A drop-tail queue, a rate and a delay.
struct BenchLink {
  var rate: DataRate?
  var delay = Duration.zero
  var limit = Duration.zero
  private(set) var waits: [(at: Instant, wait: Duration)] = []
  private(set) var lastWait = Duration.zero

  private var queue: [(packet: SentPacket, at: Instant)] = []
  private var head = 0
  private var queued = DataSize.zero
  private var freeAt = Instant.start
  private var delivered: [(packet: SentPacket, at: Instant)] = []
  private var next = 0
  private var counts = (sent: DataSize.zero, carried: DataSize.zero, longest: Duration.zero, dropped: 0)

  mutating func noteSent(_ size: DataSize) { counts.sent += size }

  mutating func enqueue(_ packet: SentPacket, at now: Instant) {
    if let rate, queued + packet.size > rate.size(in: limit) + .bytes(1500) {
      counts.dropped += 1
      return
    }
    queue.append((packet, now))
    queued += packet.size
  }

  mutating func serve(until now: Instant) {
    while head < queue.count {
      let (packet, at) = queue[head]
      let start = max(freeAt, at)
      let end = rate.map { start + $0.time(for: packet.size) } ?? start
      guard end <= now else { break }
      freeAt = end
      head += 1
      queued -= packet.size
      lastWait = end - at
      waits.append((end, lastWait))
      counts.carried += packet.size
      counts.longest = max(counts.longest, lastWait)
      delivered.append((packet, end + delay))
    }
    if head > 1024 {
      queue.removeFirst(head)
      head = 0
    }
  }

  mutating func takeDelivered(at now: Instant) -> [(packet: SentPacket, at: Instant)] {
    let first = next
    while next < delivered.count, delivered[next].at <= now { next += 1 }
    return Array(delivered[first..<next])
  }

  mutating func takeCounts() -> (DataSize, DataSize, Duration, Int) {
    defer { counts = (.zero, .zero, .zero, 0) }
    return (counts.sent, counts.carried, counts.longest, counts.dropped)
  }
}

/// Collects what came, on a clock of its own.
struct BenchReceiver {
  private var arrivals: [Int64: Duration] = [:]
  private var base: Int64 = 0
  private var highest: Int64 = -1
  private var counts = (expected: 0, received: 0)
  private var reportedHighest: Int64 = -1

  private static let clockOffset = Duration.seconds(1234)

  mutating func receive(_ delivery: (packet: SentPacket, at: Instant), at now: Instant) {
    // Transport-wide feedback counts quarters of a millisecond.
    let ticks = (delivery.at - .start).nanoseconds / 250_000
    arrivals[delivery.packet.number] = .microseconds(ticks * 250) + Self.clockOffset
    highest = max(highest, delivery.packet.number)
    counts.received += 1
  }

  mutating func takeReport() -> [(number: Int64, at: Duration?)]? {
    guard highest >= base else { return nil }
    let report = (base...highest).map { (number: $0, at: arrivals[$0]) }
    for number in base...highest { arrivals[number] = nil }
    base = highest + 1
    return report
  }

  mutating func takeLoss() -> (fraction: Double, packets: Int) {
    let expected = Int(highest - reportedHighest)
    let lost = max(0, expected - counts.received)
    reportedHighest = highest
    counts = (0, 0)
    return (expected > 0 ? Double(lost) / Double(expected) : 0, expected)
  }
}
