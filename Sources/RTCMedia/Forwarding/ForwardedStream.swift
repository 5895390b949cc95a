import RTCPrimitives

/// What a forwarding unit gives a packet on its way to one receiver.
package struct ForwardedNumbers: Hashable, Sendable {
  package var number: SequenceNumber
  package var timestamp: UInt32
  /// PictureID and TL0PICIDX of VP8; `nil` where the packet has none.
  package var pictureID: UInt16?
  package var baseLayerIndex: UInt8?
  /// Whether only the number is needed: the packet belongs to a layer that is not forwarded.
  package var isEmpty = false
  /// Whether sound begins again after a silence, which the marker tells (RFC 3551 §4.1).
  package var startsTalkspurt = false
  /// Whether an encoding begins with the packet: what came before it of the same frame is to follow.
  package var beginsEncoding = false

  package init(
    number: SequenceNumber, timestamp: UInt32, pictureID: UInt16? = nil, baseLayerIndex: UInt8? = nil,
    isEmpty: Bool = false, startsTalkspurt: Bool = false
  ) {
    self.number = number
    self.timestamp = timestamp
    self.pictureID = pictureID
    self.baseLayerIndex = baseLayerIndex
    self.isEmpty = isEmpty
    self.startsTalkspurt = startsTalkspurt
  }
}

/// A packet of VP8 as a forwarding unit sees it.
package struct VideoPacket: Hashable, Sendable {
  package var encoding: Int
  package var number: SequenceNumber
  package var timestamp: UInt32
  package var startsFrame: Bool
  package var startsKeyFrame: Bool
  /// TID and Y; 0 and true in a stream without temporal layers.
  package var temporal: Int
  package var isSwitchingPoint: Bool
  package var pictureID: UInt16?
  package var baseLayerIndex: UInt8?

  package init(
    encoding: Int, number: SequenceNumber, timestamp: UInt32, startsFrame: Bool, startsKeyFrame: Bool,
    temporal: Int = 0, isSwitchingPoint: Bool = true, pictureID: UInt16? = nil, baseLayerIndex: UInt8? = nil
  ) {
    self.encoding = encoding
    self.number = number
    self.timestamp = timestamp
    self.startsFrame = startsFrame
    self.startsKeyFrame = startsKeyFrame
    self.temporal = temporal
    self.isSwitchingPoint = isSwitchingPoint
    self.pictureID = pictureID
    self.baseLayerIndex = baseLayerIndex
  }
}

/// The picture of one source towards one receiver, who sees one continuous stream whatever it is made of.
///
/// An encoding begins with a key frame; until it comes the one before goes on. A temporal layer is left out at the end of a frame
/// and taken up at a switching point. Sequence numbers have no gap but where packets are missing, which keep their numbers
/// until they come; PictureID, TL0PICIDX and timestamps go on.
///
/// - SeeAlso: RFC 7741 §4.2; RFC 7667 §3.7 on what a unit that selects must rewrite
package struct ForwardedStream: Sendable {
  /// What is to be forwarded; `nil` for nothing.
  package var target: ForwardedLayer?
  /// The encoding that is forwarded; `nil` while nothing is.
  package private(set) var encoding: Int?
  /// The highest temporal layer that is forwarded.
  private var temporal = 0
  /// What is added to a packet's own fields, modulo their size.
  private var timestampOffset: UInt32 = 0
  private var pictureOffset: UInt16 = 0
  private var baseLayerOffset: UInt8 = 0
  /// The newest number in the source's stream and in this one.
  private var newestOfSource: SequenceNumber = 0
  private var newest: SequenceNumber
  /// The frame at hand: its timestamp at the source, and whether it is forwarded.
  private var frame: (timestamp: UInt32, isForwarded: Bool) = (0, false)
  private var decisions = FrameDecisions()
  private var last: Last?
  private var holes: [Hole] = []

  /// What was forwarded last.
  private struct Last {
    var encoding: Int
    /// At the source and here.
    var sourceTimestamp: UInt32
    var timestamp: UInt32
    var pictureID: UInt16
    var baseLayerIndex: UInt8
    var time: Instant
    /// Whether its source has been replaced, so that its clock says nothing of what comes.
    var isOfOtherSource = false
  }

  /// The number that is kept for a packet that has not come, and what was so before it: of use where nothing was decided on its
  /// frame.
  private struct Hole {
    var encoding: Int
    var numberOfSource: SequenceNumber
    var number: SequenceNumber
    var temporal: Int
    var timestampOffset: UInt32
    var pictureOffset: UInt16
    var baseLayerOffset: UInt8
  }

  /// More packets than a repair takes are not waited for.
  private static let largestGap = 512
  private static let ticksPerSecond = 90_000.0

  /// - Parameter number: the number before the first one.
  package init(after number: SequenceNumber) { newest = number }

  /// What is forwarded now; `nil` for nothing.
  package var current: ForwardedLayer? { encoding.map { ForwardedLayer(encoding: $0, temporal: temporal) } }

  /// The encoding whose key frame is awaited.
  package var awaited: Int? { target.flatMap { $0.encoding == encoding ? nil : $0.encoding } }

  /// What is added to the timestamps of the encoding that is forwarded.
  package var clockOffset: UInt32 { timestampOffset }

  /// Nothing more is missing: who has lost the stream begins with a key frame.
  package mutating func interrupt() {
    encoding = nil
    holes.removeAll(keepingCapacity: true)
  }

  /// Another source sends an encoding from now on, whose numbers and times begin anew; it goes on with a key frame.
  package mutating func sourceChanged(of encoding: Int) {
    holes.removeAll { $0.encoding == encoding }
    if last?.encoding == encoding { last?.isOfOtherSource = true }
    if self.encoding == encoding { self.encoding = nil }
  }

  /// What a packet is forwarded as; `nil` when it is not.
  ///
  /// - Parameter captured: how much later than the frame that was forwarded last this one was captured, where both encodings'
  ///   clocks are known.
  package mutating func forward(
    _ packet: VideoPacket, at now: Instant, captured: (_ last: UInt32, _ encoding: Int) -> Duration? = { _, _ in nil }
  ) -> ForwardedNumbers? {
    if packet.encoding != encoding {
      guard let target, target.encoding == packet.encoding, packet.startsKeyFrame else { return fill(packet) }
      begin(packet, target, at: now, captured)
      var numbers = emit(packet, at: now)
      numbers.beginsEncoding = true
      return numbers
    }
    let distance = packet.number.distance(from: newestOfSource)
    guard distance > 0 else { return fill(packet) }
    guard distance <= Self.largestGap else {
      interrupt()
      return nil
    }
    reserve(distance - 1)
    newestOfSource = packet.number
    if packet.timestamp != frame.timestamp, !decide(packet, after: distance - 1) { return nil }
    return frame.isForwarded ? emit(packet, at: now) : nil
  }

  // MARK: Frames

  /// Decides on a frame whose first packet this is; `false` when nothing more is forwarded.
  ///
  /// - Parameter missing: how many packets before it have not come.
  private mutating func decide(_ packet: VideoPacket, after missing: Int) -> Bool {
    guard let target else {
      interrupt()
      return false
    }
    decisions.decideOnMissing(before: packet, atMost: missing, forwardingUpTo: temporal, offset: &pictureOffset)
    if target.encoding == packet.encoding {
      if target.temporal < temporal || packet.startsKeyFrame { temporal = target.temporal }
      if target.temporal > temporal, packet.temporal == temporal + 1, packet.startsFrame, packet.isSwitchingPoint {
        temporal += 1
      }
    } else if target.encoding < packet.encoding {
      // Until the smaller pictures come, fewer of the larger ones.
      temporal = 0
    }
    frame = (packet.timestamp, packet.temporal <= temporal)
    if !frame.isForwarded, packet.pictureID != nil { pictureOffset &-= 1 }
    decisions.note(packet, isForwarded: frame.isForwarded, pictureOffset: pictureOffset)
    return true
  }

  private mutating func begin(
    _ packet: VideoPacket, _ target: ForwardedLayer, at now: Instant,
    _ captured: (_ last: UInt32, _ encoding: Int) -> Duration?
  ) {
    if let last {
      if last.encoding != packet.encoding || last.isOfOtherSource {
        let known = last.isOfOtherSource ? nil : captured(last.sourceTimestamp, last.encoding)
        let elapsed = known ?? (now - last.time)
        let ticks = max(1, Int64((elapsed.inSeconds * Self.ticksPerSecond).rounded()))
        timestampOffset = last.timestamp &+ UInt32(truncatingIfNeeded: ticks) &- packet.timestamp
      }
      pictureOffset = last.pictureID &+ 1 &- (packet.pictureID ?? 0)
      baseLayerOffset = last.baseLayerIndex &+ 1 &- (packet.baseLayerIndex ?? 0)
    }
    encoding = packet.encoding
    temporal = target.temporal
    newestOfSource = packet.number
    frame = (packet.timestamp, true)
    decisions.begin(packet, pictureOffset: pictureOffset)
  }

  private mutating func emit(_ packet: VideoPacket, at now: Instant) -> ForwardedNumbers {
    newest = newest.next
    let numbers = ForwardedNumbers(
      number: newest, timestamp: packet.timestamp &+ timestampOffset,
      pictureID: packet.pictureID.map { ($0 &+ pictureOffset) & 0x7FFF },
      baseLayerIndex: packet.baseLayerIndex.map { $0 &+ baseLayerOffset })
    last = Last(
      encoding: packet.encoding, sourceTimestamp: packet.timestamp, timestamp: numbers.timestamp,
      pictureID: numbers.pictureID ?? 0, baseLayerIndex: numbers.baseLayerIndex ?? 0, time: now)
    return numbers
  }

  // MARK: Missing packets

  /// Keeps numbers for packets that are missing before the one at hand.
  private mutating func reserve(_ count: Int) {
    for _ in 0..<count {
      newestOfSource = newestOfSource.next
      newest = newest.next
      if holes.count == Self.largestGap { holes.removeFirst() }
      holes.append(
        Hole(
          encoding: encoding ?? 0, numberOfSource: newestOfSource, number: newest, temporal: temporal,
          timestampOffset: timestampOffset, pictureOffset: pictureOffset, baseLayerOffset: baseLayerOffset))
    }
  }

  /// What a packet that comes late is forwarded as; `nil` when it was there or is not awaited.
  private mutating func fill(_ packet: VideoPacket) -> ForwardedNumbers? {
    guard !holes.isEmpty,
      let index = holes.firstIndex(where: {
        $0.numberOfSource == packet.number && $0.encoding == packet.encoding
      })
    else { return nil }
    let hole = holes.remove(at: index)
    let decision =
      decisions.decision(on: packet)
      ?? FrameDecisions.Decision(highestLayer: Int8(hole.temporal), pictureOffset: hole.pictureOffset)
    return ForwardedNumbers(
      number: hole.number, timestamp: packet.timestamp &+ hole.timestampOffset,
      pictureID: packet.pictureID.map { ($0 &+ decision.pictureOffset) & 0x7FFF },
      baseLayerIndex: packet.baseLayerIndex.map { $0 &+ hole.baseLayerOffset },
      isEmpty: packet.temporal > Int(decision.highestLayer))
  }
}
