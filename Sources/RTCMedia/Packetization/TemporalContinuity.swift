import RTCWire

/// What the payload descriptor of a packet says of its frame's temporal layer, in three bytes.
///
/// - SeeAlso: RFC 7741 §4.2
struct LayerTag: Sendable {
  /// The lower seven bits of PictureID, which its two sizes have in common.
  let picture: UInt8
  /// TL0PICIDX.
  let base: UInt8
  private let bits: UInt8

  /// The stream has no temporal layers, or does not say enough of them.
  static let none = LayerTag(picture: 0, base: 0, bits: 0)

  private init(picture: UInt8, base: UInt8, bits: UInt8) {
    self.picture = picture
    self.base = base
    self.bits = bits
  }

  init(_ descriptor: VP8PayloadDescriptor) {
    guard let layer = descriptor.temporalLayer, let base = descriptor.temporalLevelZeroIndex,
      let picture = descriptor.pictureID
    else {
      self = .none
      return
    }
    let bits = 8 | (layer.index & 3) | (layer.isSynchronizationPoint ? 16 : 0) | (descriptor.isNonReference ? 32 : 0)
    self.init(picture: UInt8(picture.value & 0x7F), base: base, bits: bits)
  }

  var isNone: Bool { bits == 0 }
  /// TID.
  var layer: Int { Int(bits & 3) }
  /// Y.
  var isSwitchingPoint: Bool { bits & 16 != 0 }
  /// N.
  var isDiscardable: Bool { bits & 32 != 0 }
}

/// Tells which frames of a stream with temporal layers can be decoded although others before them are missing.
///
/// By the descriptor alone (RFC 7741 §4.2):
/// - a frame of the base layer refers to the one with the TL0PICIDX before its own, and to none of a higher layer;
/// - a frame with Y refers to the base layer only, to the frame with its own TL0PICIDX;
/// - any other may refer to all frames of its own and lower layers since then, except those with N.
///
/// So a gap breaks the layers of which something may be missing in it, and a frame with Y makes its layer whole again. Of a
/// frame that is missing altogether no layer is known, only that there was one: the numbers of pictures do not add up.
struct TemporalContinuity: Sendable {
  /// What lies between the frame that was given out last and one that may come next.
  struct Gap {
    /// Frames of which something is there.
    private(set) var seen = 0
    /// The lowest layer of which such a frame is lost and missed.
    private(set) var lowest = Int.max

    /// A frame of which not all is there, or which cannot be decoded.
    mutating func note(_ tag: LayerTag) {
      seen += 1
      if !tag.isDiscardable { lowest = min(lowest, tag.layer) }
    }
  }

  /// Layers 0 ... 3 of which something may be missing.
  private struct Layers: OptionSet {
    let rawValue: UInt8

    /// A layer and all above it.
    static func from(_ layer: Int) -> Layers { Layers(rawValue: layer > 3 ? 0 : 0xF << UInt8(layer) & 0xF) }
    /// The layers above the base one that a frame of `layer` may refer to.
    static func upTo(_ layer: Int) -> Layers { Layers(rawValue: (2 << UInt8(layer)) - 2) }
  }

  /// The frames that were given out last, of any layer and of the base layer.
  private var picture: UInt8
  private var base: UInt8
  private var broken: Layers = []

  /// Begins with a key frame.
  init(_ keyFrame: LayerTag) {
    picture = keyFrame.picture
    base = keyFrame.base
  }

  /// Whether a frame right behind the last one can be decoded: pictures in between were left out on purpose, if any.
  func canDecode(_ tag: LayerTag) -> Bool {
    tag.isSwitchingPoint || broken.isDisjoint(with: .upTo(tag.layer))
  }

  /// Whether a frame behind a gap can be decoded.
  func canDecode(_ tag: LayerTag, behind gap: Gap) -> Bool {
    guard tag.layer > 0 else { return tag.base == base &+ 1 }
    guard tag.base == base else { return false }
    return tag.isSwitchingPoint || breaking(gap, before: tag).isDisjoint(with: .upTo(tag.layer))
  }

  /// Notes that what is in the gap before `tag` is given up.
  mutating func giveUp(_ gap: Gap, before tag: LayerTag) { broken = breaking(gap, before: tag) }

  /// Notes that a frame is given up.
  mutating func giveUp(_ tag: LayerTag) {
    picture = tag.picture
    if !tag.isDiscardable { broken.formUnion(.from(tag.layer)) }
  }

  /// Notes that a frame was given out.
  mutating func noteGiven(_ tag: LayerTag) {
    picture = tag.picture
    if tag.layer == 0 { base = tag.base }
    if tag.isSwitchingPoint { broken.subtract(Layers(rawValue: 1 << UInt8(tag.layer))) }
  }

  private func breaking(_ gap: Gap, before tag: LayerTag) -> Layers {
    let pictures = Int((tag.picture &- picture &- 1) & 0x7F)
    return broken.union(.from(pictures == gap.seen ? gap.lowest : 1))
  }
}
