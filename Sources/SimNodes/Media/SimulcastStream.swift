import RTCMedia
import RTCPrimitives
import RTCSession

/// The encodings of one track that are sent at the same time: they share what congestion control leaves the track as Chromium's
/// do, and those that nobody wants, or that there is too little for, are not coded.
///
/// - Note: Pictures keep their sizes: with more than one layer Chromium, too, gives layers up instead of making them smaller.
///   The processor's overuse, which Chromium answers with smaller pictures in all layers, changes nothing here.
final class SimulcastStream {
  let line: Int
  /// The smallest picture first.
  let encoders: [VideoStreamEncoder]
  @exclusivity(unchecked) private var allocator: SimulcastAllocator
  private let framesPerSecond: Int
  @exclusivity(unchecked) private var pause = VideoPause()
  @exclusivity(unchecked) private var repair = RepairReserve(reservesProtection: false)
  private var repairNoted = (sent: 0, retransmitted: 0)
  private var nextNote = Instant.start
  /// The numbers of those that the peer takes.
  private var taken: [Int]
  /// Which of these the far end wants, by their places among them; `nil` for all.
  private var wanted: [Int]?

  private static let timeBetweenNotes = Duration.milliseconds(50)

  /// - Parameters:
  ///   - layers: what each encoder may use.
  ///   - encoders: those of the same number, the smallest picture first.
  init(line: Int, layers: [SimulcastFormat], framesPerSecond: Int, encoders: [VideoStreamEncoder]) {
    precondition(layers.count == encoders.count, "a layer for each encoder")
    self.line = line
    self.encoders = encoders
    self.framesPerSecond = framesPerSecond
    taken = Array(encoders.indices)
    allocator = SimulcastAllocator(layers: layers)
  }

  /// Whether the far end wants any of them.
  var isWanted: Bool { allocator.isWanted.contains(true) }

  /// What it could use, all headers included.
  var allocation: DataRate { total(of: allocator.highest) }

  /// What is to be tried with padding, all headers included, so that more of it can be sent.
  var wantedPadding: DataRate { pause.isPaused ? total(of: pause.enough) : total(of: allocator.padding) }

  /// Learns which encodings the far end wants, by their places among those that it takes; those that are wanted again begin with
  /// a key frame.
  func setWanted(_ encodings: [Int]) {
    wanted = encodings
    noteWanted()
  }

  private func noteWanted() {
    for index in encoders.indices { allocator.isWanted[index] = false }
    for (place, index) in taken.enumerated() { allocator.isWanted[index] = wanted?.contains(place) ?? true }
  }

  /// Learns what is left for it, all headers included.
  ///
  /// - Parameter senders: those of its encodings that the peer takes.
  func adapt(to left: DataRate, _ senders: [RTPStreamSender], loss: Double, at now: Instant) {
    take(senders)
    note(senders, loss: loss, at: now)
    let payload = RateAllocation.payload(
      of: left, framesPerSecond: wantedFramesPerSecond, packet: VideoAdapter.packet,
      overhead: VideoAdapter.overhead
    ).scaled(by: 1 - repair.share)
    pause.update(payload, at: now)
    let rates = pause.isPaused ? encoders.map { _ in .zero } : allocator.allocate(payload)
    for (index, encoder) in encoders.enumerated() {
      encoder.allot(rates[index], isWanted: allocator.isWanted[index], at: now)
    }
  }

  /// Learns which encodings the peer takes, which is seldom news.
  private func take(_ senders: [RTPStreamSender]) {
    func isTaken(_ index: Int) -> Bool { senders.contains { $0.isActive && $0.place.encoding == index } }
    guard !encoders.indices.allSatisfy({ isTaken($0) == taken.contains($0) }) else { return }
    taken = encoders.indices.filter(isTaken)
    for index in encoders.indices { allocator.isTaken[index] = taken.contains(index) }
    noteWanted()
  }

  /// Of all encodings that are wanted together.
  private var wantedFramesPerSecond: Int { framesPerSecond * max(1, allocator.isWanted.count { $0 }) }

  private func total(of payload: DataRate) -> DataRate {
    guard payload > .zero else { return .zero }
    return RateAllocation.total(
      of: payload, framesPerSecond: wantedFramesPerSecond, packet: VideoAdapter.packet,
      overhead: VideoAdapter.overhead)
  }

  private func note(_ senders: [RTPStreamSender], loss: Double, at now: Instant) {
    guard now >= nextNote else { return }
    nextNote = now + Self.timeBetweenNotes
    let sent = senders.reduce(into: (sent: 0, retransmitted: 0)) {
      $0.sent += $1.statistics.payloadBytesSent
      $0.retransmitted += $1.statistics.retransmittedBytesSent
    }
    repair.note(
      sent: sent.sent - repairNoted.sent, retransmitted: sent.retransmitted - repairNoted.retransmitted, at: now)
    repairNoted = sent
    repair.note(loss: loss, at: now)
  }
}
