/// How long work takes on one core.
public protocol CostModel: Sendable {
  func time(for work: Work) -> Duration
}

/// A time that grows with a number of pixels, bytes or inputs.
public struct LinearCost: Hashable, Sendable {
  /// Nanoseconds, whatever the number.
  public var fixedNanoseconds: Int64
  /// Picoseconds for each one, so that a fraction of a nanosecond per byte is a whole number.
  public var picosecondsEach: Int64

  @inlinable public init(fixedNanoseconds: Int64 = 0, picosecondsEach: Int64 = 0) {
    self.fixedNanoseconds = fixedNanoseconds
    self.picosecondsEach = picosecondsEach
  }

  /// Nanoseconds for `count`, rounded down.
  @inlinable public func nanoseconds(for count: Int) -> Int64 {
    fixedNanoseconds &+ picosecondsEach &* Int64(count) / 1000
  }
}

/// The costs of one machine with one set of codecs and one SRTP profile, as they were measured.
public struct MeasuredCosts: CostModel, Hashable {
  /// Per picture and pixel.
  public var encodeVideo = LinearCost()
  public var decodeVideo = LinearCost()
  public var composeVideo = LinearCost()
  public var scaleVideo = LinearCost()
  /// Nanoseconds per frame of 20 ms.
  public var encodeAudio: Int64 = 0
  public var decodeAudio: Int64 = 0
  /// Per frame of 20 ms and input.
  public var mixAudio = LinearCost()
  /// Per packet and byte.
  public var protectPacket = LinearCost()
  public var unprotectPacket = LinearCost()
  public var receivePacket = LinearCost()
  public var sendPacket = LinearCost()
  /// Nanoseconds per packet and receiver.
  public var forwardPacket: Int64 = 0
  /// Nanoseconds on one side.
  public var dtlsHandshake: Int64 = 0
  public var iceCheck: Int64 = 0

  /// Costs of nothing: an infinitely fast processor.
  public init() {}

  public func time(for work: Work) -> Duration { .nanoseconds(nanoseconds(for: work)) }

  /// The same in whole nanoseconds.
  @inlinable public func nanoseconds(for work: Work) -> Int64 {
    switch work {
    case .encodeVideo(let pixels): encodeVideo.nanoseconds(for: pixels)
    case .decodeVideo(let pixels): decodeVideo.nanoseconds(for: pixels)
    case .encodeAudio: encodeAudio
    case .decodeAudio: decodeAudio
    case .protectPacket(let bytes): protectPacket.nanoseconds(for: bytes)
    case .unprotectPacket(let bytes): unprotectPacket.nanoseconds(for: bytes)
    case .receivePacket(let bytes): receivePacket.nanoseconds(for: bytes)
    case .sendPacket(let bytes): sendPacket.nanoseconds(for: bytes)
    case .forwardPacket: forwardPacket
    case .mixAudio(let inputs): mixAudio.nanoseconds(for: inputs)
    case .composeVideo(let pixels): composeVideo.nanoseconds(for: pixels)
    case .scaleVideo(let pixels): scaleVideo.nanoseconds(for: pixels)
    case .dtlsHandshake: dtlsHandshake
    case .iceCheck: iceCheck
    }
  }
}
