import RTCPrimitives

/// What was decided on the last frames of a stream, so that packets that come late follow the decision on their frame.
///
/// That frames are missing altogether shows in PictureID. Their layers are taken from the pattern in which layers have come so
/// far, if as many frames of the base layer are missing by it as by TL0PICIDX; what would not have been forwarded then leaves
/// no hole in the PictureIDs of the receiver. Otherwise each is expected to be forwarded.
///
/// - SeeAlso: RFC 7741 §4.2
struct FrameDecisions: Sendable {
  struct Decision: Hashable, Sendable {
    /// Up to which layer its packets are forwarded: all or none where it came, and its layer was known.
    var highestLayer: Int8
    /// What is added to its PictureID.
    var pictureOffset: UInt16
  }

  /// Eight bytes, because a unit keeps many thousands of them.
  private struct Entry: Sendable {
    /// -1 for none.
    var encoding: Int8 = -1
    var pictureID: UInt16 = 0
    var decision = Decision(highestLayer: 0, pictureOffset: 0)
  }

  /// Packets are repaired within a second or two.
  private static let memory = 64
  /// Empty before the first frame.
  private var ring: [Entry] = []
  private var newest: (pictureID: UInt16, baseLayerIndex: UInt8)?
  private var pattern = LayerPattern()

  /// What was decided on the frame of a packet; `nil` where that is not known.
  func decision(on packet: VideoPacket) -> Decision? {
    guard let id = packet.pictureID, !ring.isEmpty else { return nil }
    let entry = ring[Int(id) % Self.memory]
    return entry.pictureID == id && Int(entry.encoding) == packet.encoding ? entry.decision : nil
  }

  /// Begins with a key frame of an encoding.
  mutating func begin(_ packet: VideoPacket, pictureOffset: UInt16) {
    note(packet, isForwarded: true, pictureOffset: pictureOffset)
  }

  /// Decides on the frames that are missing before that of a packet.
  ///
  /// - Parameters:
  ///   - limit: how many packets are missing, and so frames at most.
  ///   - temporal: the highest layer that is forwarded.
  ///   - offset: what is added to PictureIDs; it falls by one for each frame that is not forwarded.
  mutating func decideOnMissing(
    before packet: VideoPacket, atMost limit: Int, forwardingUpTo temporal: Int, offset: inout UInt16
  ) {
    guard let newest, let id = packet.pictureID, let base = packet.baseLayerIndex else { return }
    let count = Int((id &- newest.pictureID) & 0x7FFF) - 1
    guard count > 0, count <= min(limit, Self.memory) else { return }
    let baseFrames = Int(base &- newest.baseLayerIndex) - (packet.temporal == 0 ? 1 : 0)
    let isPlausible = pattern.isKnown && (0..<count).count { pattern.next($0) == 0 } == baseFrames
    for index in 0..<count {
      let isLeftOut = isPlausible && pattern.next(index) ?? 0 > temporal
      if isLeftOut { offset &-= 1 }
      keep(
        packet.encoding, (newest.pictureID &+ UInt16(index + 1)) & 0x7FFF,
        Decision(highestLayer: isLeftOut ? -1 : Int8(temporal), pictureOffset: offset))
    }
    pattern.skip(count)
  }

  /// Notes the decision on the frame of a packet.
  mutating func note(_ packet: VideoPacket, isForwarded: Bool, pictureOffset: UInt16) {
    guard let id = packet.pictureID, let base = packet.baseLayerIndex else { return }
    newest = (id, base)
    pattern.note(packet.temporal, restarts: packet.startsKeyFrame)
    keep(packet.encoding, id, Decision(highestLayer: isForwarded ? .max : -1, pictureOffset: pictureOffset))
  }

  private mutating func keep(_ encoding: Int, _ pictureID: UInt16, _ decision: Decision) {
    if ring.isEmpty { ring = Array(repeating: Entry(), count: Self.memory) }
    ring[Int(pictureID) % Self.memory] = Entry(encoding: Int8(encoding), pictureID: pictureID, decision: decision)
  }
}

/// The order in which temporal layers come, learned from what has come: 0 2 1 2 in a stream of three.
struct LayerPattern: Sendable {
  /// The layers of some frames, four bits each.
  private struct Round: Sendable {
    /// Longer patterns are not learned.
    static let longest = 16
    static let unknown: UInt64 = 15
    private(set) var count = 0
    private(set) var isWhole = true
    private var bits: UInt64 = 0

    subscript(index: Int) -> Int { Int(bits >> UInt64(4 * index) & 15) }

    /// - Parameter layer: two bits, as in the descriptor; `nil` for a frame that has not come.
    mutating func append(_ layer: Int?) {
      guard count < Self.longest else { return isWhole = false }
      bits |= (layer.map(UInt64.init) ?? Self.unknown) << UInt64(4 * count)
      count += 1
      if layer == nil { isWhole = false }
    }
  }

  /// The layers since the last frame of the base layer, itself the first.
  private var round = Round()
  /// A round of which everything has come.
  private var known = Round()

  /// Whether the layers of the next frames can be told.
  var isKnown: Bool { known.count > 0 && round.count > 0 }

  /// A frame has come.
  ///
  /// - Parameter restarts: whether the pattern begins anew with it, whatever comes before.
  mutating func note(_ layer: Int, restarts: Bool) {
    if layer == 0 || restarts {
      if !restarts, round.count > 0, round.isWhole { known = round }
      round = Round()
    }
    round.append(layer)
  }

  /// The layer of the frame that comes after `index` others; `nil` where that is not known.
  func next(_ index: Int) -> Int? { isKnown ? known[(round.count + index) % known.count] : nil }

  /// Frames have not come.
  mutating func skip(_ count: Int) {
    let begin = self
    for index in 0..<count {
      let layer = begin.next(index)
      if layer == 0 { round = Round() }
      round.append(layer == 0 ? 0 : nil)
    }
  }
}
