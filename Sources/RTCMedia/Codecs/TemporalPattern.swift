import RTCPrimitives

/// Which frames belong to which temporal layer, and what they refer to.
///
/// The base layer alone refreshes the `last` buffer and refers to nothing else, the layer above it keeps `golden`, and the
/// highest frames refresh none. Once in a round each layer leaves its own past alone, so that a receiver can begin with it:
/// ```
/// frame      0  1  2  3  4  5  6  7  0            frame      0  1  2  3  0
/// layer      0  2  1  2  0  2  1  2  0            layer      0  1  0  1  0
/// refers to  4  0  0  0  0  4  4  4  4            refers to  2  0  0  2  2
///                     2     2  2  6                                   1
/// ```
/// - SeeAlso: libwebrtc `modules/video_coding/codecs/vp8/default_temporal_layers.cc`, whose patterns these are (without
///   field trials); the shares of the rate are those of `SimulcastRateAllocator::GetTemporalRateAllocation`.
struct TemporalPattern: Sendable {
  /// Reference buffers of VP8 (RFC 6386 §9.7). The third, `alternate`, holds the last key frame, and nothing refers to it.
  struct Buffers: OptionSet {
    let rawValue: UInt8

    static let last = Buffers(rawValue: 1)
    static let golden = Buffers(rawValue: 2)
  }

  /// What a frame may do.
  struct Role {
    let layer: UInt8
    var references: Buffers
    let refreshes: Buffers
    /// The size of such a frame over the mean of all: what its layer has of the rate over what it has of the frames; within
    /// the highest of three as measured (`ModelledVP8`).
    let weight: Double

    fileprivate init(_ layer: UInt8, _ references: Buffers, refreshes: Buffers = [], weight: Double) {
      self.layer = layer
      self.references = references
      self.refreshes = refreshes
      self.weight = weight
    }

    /// Nothing refers to it, and so it leaves the entropy tables alone, too.
    var isDiscardable: Bool { refreshes.isEmpty }
    /// As the descriptor says it.
    var place: TemporalLayer {
      TemporalLayer(
        id: layer, isSwitchingPoint: layer > 0 && !references.contains(.golden), isDiscardable: isDiscardable)
    }
  }

  private static let two = [
    Role(0, .last, refreshes: .last, weight: 1.2), Role(1, .last, refreshes: .golden, weight: 0.8),
    Role(0, .last, refreshes: .last, weight: 1.2), Role(1, [.last, .golden], weight: 0.8),
  ]
  private static let three = [
    Role(0, .last, refreshes: .last, weight: 1.6), Role(2, .last, weight: 0.64),
    Role(1, .last, refreshes: .golden, weight: 0.8), Role(2, [.last, .golden], weight: 0.96),
    Role(0, .last, refreshes: .last, weight: 1.6), Role(2, [.last, .golden], weight: 0.64),
    Role(1, [.last, .golden], refreshes: .golden, weight: 0.8), Role(2, [.last, .golden], weight: 0.96),
  ]

  let layerCount: Int
  private let roles: [Role]
  private var position = 0
  /// Whether `golden` has been refreshed in this round; what is older may be missing where a receiver began later.
  private var isGoldenCurrent = false

  /// - Precondition: there is a pattern for so many layers.
  init(layerCount: Int) {
    precondition(layerCount == 2 || layerCount == 3, "one to three temporal layers, and one has no pattern")
    self.layerCount = layerCount
    roles = layerCount == 2 ? Self.two : Self.three
  }

  /// The role of the next picture; a key frame begins a new round.
  mutating func next(isKeyFrame: Bool) -> Role {
    if isKeyFrame { position = 0 }
    if position == 0 { isGoldenCurrent = false }
    var role = roles[position]
    if !isGoldenCurrent { role.references.remove(.golden) }
    position = (position + 1) % roles.count
    return role
  }

  /// Notes that the picture with this role became a frame and was not given up.
  mutating func noteCoded(_ role: Role) {
    if role.refreshes.contains(.golden) { isGoldenCurrent = true }
  }

  /// The layers of a round.
  var layers: [UInt8] { roles.prefix(1 << (layerCount - 1)).map(\.layer) }

  /// The share of the rate that a layer and all below it have.
  static func cumulativeShare(of layer: Int, layerCount: Int) -> Double {
    switch (layerCount, layer) {
    case (2, 0), (3, 1): 0.6
    case (3, 0): 0.4
    default: 1
    }
  }
}
