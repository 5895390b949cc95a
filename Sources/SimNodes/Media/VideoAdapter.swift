import RTCMedia
import RTCPrimitives
import RTCSession

/// What one encoder of video makes of the rate that congestion control leaves it: its bitrate, the size of its pictures, which of
/// them are left out, and whether there are any.
package struct VideoAdapter {
  /// What it may do beside following the rate.
  package struct Policy {
    /// How its pictures follow the rate.
    var adaptation = VideoAdaptations.chromium
    /// Whether the picture becomes smaller when the rate is too low for it, or the processor too slow.
    var adaptsSize = true
    /// Whether a share of the rate is kept from the encoder under loss, as Chromium keeps one for FEC.
    var reservesProtection = false
    /// Whether video gives way to sound alone where there is too little for it.
    var pauses = true

    /// All that there is, in Chromium's steps.
    package static let chromium = Policy()
  }

  /// Bytes of an RTP packet of video that are not payload, from IP down to the tag: 28 + 12 + 12 of extensions + 3 of
  /// VP8's descriptor + 10.
  static let overhead = DataSize.bytes(65)
  private static let audioOverhead = DataSize.bytes(28 + 12 + 16 + 10)
  static let packet = DataSize.bytes(RTPStreamSender.largestPacket - 36)
  /// Chromium's smallest bitrate of a video stream.
  private static let least = DataRate.kilobitsPerSecond(30)
  private static let timeBetweenNotes = Duration.milliseconds(50)

  private let video: VP8Settings
  private let policy: Policy
  /// What the encoder could use, all headers included.
  package let allocation: DataRate
  /// The bitrate that the encoder is to have; zero before media may flow.
  package private(set) var target = DataRate.zero
  /// The size of its pictures.
  package private(set) var size: (width: Int, height: Int)
  private var pictures: any VideoAdaptation
  /// What the encoder could have, beyond what its pictures can use.
  private var available = DataRate.zero
  private var pause: VideoPause
  private var overuse = CPUOveruseDetector()
  private var repair: RepairReserve
  private var repairNoted = (sent: 0, retransmitted: 0)
  private var nextNote = Instant.start
  private var passed = 0
  private var captured = 0
  /// `nil` before the first picture.
  private var limitation: QualityLimitation?

  /// - Parameter video: what is captured, with the highest bitrate of the encoder.
  package init(_ video: VP8Settings, _ policy: Policy) {
    self.video = video
    self.policy = policy
    pictures = policy.adaptation.make(video)
    pause = policy.adaptation.pause
    allocation = RateAllocation.total(
      of: pictures.highest, framesPerSecond: pictures.framesPerSecond, packet: Self.packet, overhead: Self.overhead)
    size = (video.width, video.height)
    repair = RepairReserve(reservesProtection: policy.reservesProtection)
  }

  /// What sound of this bitrate takes, all headers included: 50 packets a second.
  package static func total(ofSound bitrate: DataRate) -> DataRate {
    bitrate + .bitsPerSecond(Int64(audioOverhead.bits * 50))
  }

  /// What is to be tried with padding, all headers included, so that video can come back.
  package var wantedPadding: DataRate {
    guard isPaused else { return .zero }
    return RateAllocation.total(
      of: pause.enough, framesPerSecond: framesPerSecond, packet: Self.packet, overhead: Self.overhead)
  }

  /// Whether sound goes on alone.
  package var isPaused: Bool { pause.isPaused }

  /// How many pictures of a second are coded, where none is left out.
  var framesPerSecond: Int { video.framesPerSecond / capturedPerCoded }

  /// Of so many pictures that are captured one is coded.
  private var capturedPerCoded: Int {
    max(1, Int((Double(video.framesPerSecond) / Double(pictures.framesPerSecond)).rounded()))
  }

  /// The share of the rate that is kept for FEC.
  var protectionShare: Double { repair.protectionShare }

  /// Learns what is left for it, all headers included, and gives the encoder's bitrate when that changes.
  ///
  /// - Parameter sent: what has been sent on its stream so far.
  package mutating func update(
    _ left: DataRate, sent: OutboundStreamStatistics, loss: Double, at now: Instant
  ) -> DataRate? {
    note(sent, loss: loss, at: now)
    let payload = RateAllocation.payload(
      of: left, framesPerSecond: framesPerSecond, packet: Self.packet, overhead: Self.overhead
    ).scaled(by: 1 - repair.share)
    if policy.pauses { pause.update(payload, at: now) }
    available = max(min(payload, video.bitrate), Self.least)
    let rate = min(available, pictures.highest)
    guard rate != target else { return nil }
    target = rate
    return rate
  }

  /// What was sent and what of it again, and what is lost.
  private mutating func note(_ sent: OutboundStreamStatistics, loss: Double, at now: Instant) {
    guard now >= nextNote else { return }
    nextNote = now + Self.timeBetweenNotes
    repair.note(
      sent: sent.payloadBytesSent - repairNoted.sent,
      retransmitted: sent.retransmittedBytesSent - repairNoted.retransmitted,
      at: now)
    repairNoted = (sent.payloadBytesSent, sent.retransmittedBytesSent)
    repair.note(loss: loss, at: now)
  }

  /// The size that pictures have from the next one on, when it changes now.
  package mutating func resize(at now: Instant) -> (width: Int, height: Int)? {
    guard policy.adaptsSize else { return nil }
    _ = pictures.update(available, at: now)
    guard pictures.size != size else { return nil }
    size = pictures.size
    return size
  }

  /// Whether the next picture is coded, and not left out: every so many-th where too much is in flight, all while sound goes on
  /// alone.
  ///
  /// - Parameter reduction: the share of pictures that congestion control wants left out.
  package mutating func takesFrame(reducedBy reduction: Double, at now: Instant) -> Bool {
    noteLimitation(isReduced: reduction > 0, at: now)
    guard !isPaused else { return false }
    passed += 1
    guard passed.isMultiple(of: capturedPerCoded) else { return false }
    guard reduction > 0 else { return true }
    captured += 1
    return !captured.isMultiple(of: max(1, Int(1 / reduction)))
  }

  private mutating func noteLimitation(isReduced: Bool, at now: Instant) {
    var current = limitation ?? QualityLimitation(at: now)
    let isLimited = pictures.step > 0 || isReduced || isPaused
    current.set(pictures.least > pictures.step ? .cpu : isLimited ? .bandwidth : .none, at: now)
    limitation = current
  }

  /// Notes how long it took until a picture was coded.
  mutating func noteCoding(_ time: Duration, at now: Instant) {
    guard policy.adaptsSize else { return }
    let interval = Duration.nanoseconds(1_000_000_000 / Int64(framesPerSecond))
    switch overuse.note(time, of: interval, at: now) {
    case .less: pictures.limit()
    case .more: pictures.relax()
    case nil: break
    }
  }

  /// For reports; `nil` before the first picture.
  ///
  /// - Parameter isWanted: whether the far end wants the pictures.
  package func statistics(isWanted: Bool, at now: Instant) -> EncodingStatistics? {
    limitation.map {
      let isPaused = isPaused || !isWanted
      return EncodingStatistics(
        targetBitrate: isPaused ? .zero : target, frameWidth: size.width, frameHeight: size.height,
        isActive: isWanted, isPaused: isPaused, limitation: $0, at: now)
    }
  }
}

/// How a stream of video that follows congestion control is coded, under the names of W3C webrtc-stats (`outbound-rtp`).
public struct EncodingStatistics: Hashable, Sendable {
  /// Zero while video is paused.
  public let targetBitrate: DataRate
  public let frameWidth: Int
  public let frameHeight: Int
  /// Whether the far end wants it, as far as it has said anything.
  public let isActive: Bool
  /// Whether nothing is coded.
  public let isPaused: Bool
  public let qualityLimitationReason: QualityLimitation.Reason
  public let qualityLimitationDurations: [QualityLimitation.Reason: Duration]

  init(
    targetBitrate: DataRate, frameWidth: Int, frameHeight: Int, isActive: Bool, isPaused: Bool,
    limitation: QualityLimitation, at now: Instant
  ) {
    self.isActive = isActive
    self.targetBitrate = targetBitrate
    self.frameWidth = frameWidth
    self.frameHeight = frameHeight
    self.isPaused = isPaused
    qualityLimitationReason = limitation.reason
    qualityLimitationDurations = Dictionary(
      uniqueKeysWithValues: QualityLimitation.Reason.allCases.map { ($0, limitation.duration(of: $0, at: now)) })
  }
}
