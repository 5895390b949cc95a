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
    var highestLayer: Int
    /// What is added to its PictureID.
    var pictureOffset: UInt16
  }

  /// Packets are repaired within a second or two.
  private static let memory = 64
  private var ring: [(encoding: Int, pictureID: UInt16, decision: Decision)?] = Array(repeating: nil, count: memory)
  private var newest: (pictureID: UInt16, baseLayerIndex: UInt8)?
  private var pattern = LayerPattern()

  /// What was decided on the frame of a packet; `nil` where that is not known.
  func decision(on packet: VideoPacket) -> Decision? {
    guard let id = packet.pictureID, let entry = ring[Int(id) % Self.memory], entry.pictureID == id,
      entry.encoding == packet.encoding
    else { return nil }
    return entry.decision
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
    let layers = pattern.next(count)
    let isPlausible = layers.allSatisfy { $0 != nil } && layers.count { $0 == 0 } == baseFrames
    for index in 0..<count {
      let isLeftOut = isPlausible && layers[index] ?? 0 > temporal
      if isLeftOut { offset &-= 1 }
      keep(
        packet.encoding, (newest.pictureID &+ UInt16(index + 1)) & 0x7FFF,
        Decision(highestLayer: isLeftOut ? -1 : temporal, pictureOffset: offset))
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
    ring[Int(pictureID) % Self.memory] = (encoding, pictureID, decision)
  }
}

/// The order in which temporal layers come, learned from what has come: 0 2 1 2 in a stream of three.
struct LayerPattern: Sendable {
  /// Longer patterns are not learned.
  private static let longest = 16
  /// The layers since the last frame of the base layer, itself the first; `nil` for a frame that has not come.
  private var round: [Int?] = []
  /// A round of which everything has come.
  private var known: [Int] = []

  /// A frame has come.
  ///
  /// - Parameter restarts: whether the pattern begins anew with it, whatever comes before.
  mutating func note(_ layer: Int, restarts: Bool) {
    if layer == 0 || restarts {
      let whole = round.compactMap(\.self)
      if !restarts, !whole.isEmpty, whole.count == round.count { known = whole }
      round.removeAll(keepingCapacity: true)
    }
    if round.count < Self.longest { round.append(layer) }
  }

  /// The layers of the next frames; `nil` where that is not known.
  func next(_ count: Int) -> [Int?] {
    guard !known.isEmpty, !round.isEmpty else { return Array(repeating: nil, count: count) }
    return (0..<count).map { known[(round.count + $0) % known.count] }
  }

  /// Frames have not come.
  mutating func skip(_ count: Int) {
    for layer in next(count) {
      if layer == 0 { round.removeAll(keepingCapacity: true) }
      if round.count < Self.longest { round.append(layer == 0 ? 0 : nil) }
    }
  }
}
