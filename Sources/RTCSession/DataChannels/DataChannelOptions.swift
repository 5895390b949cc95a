import RTCWire

/// How a data channel is to be.
///
/// - SeeAlso: W3C webrtc-pc `RTCDataChannelInit`
public struct DataChannelOptions: Hashable, Sendable {
  public var isOrdered = true
  /// How often a message that got lost is sent again at most; not together with `maxPacketLifeTime`.
  public var maxRetransmits: UInt16?
  /// How long a message is sent at most; at most 65535 ms, in whole milliseconds.
  public var maxPacketLifeTime: Duration?
  /// The application's own protocol; at most 65535 bytes.
  public var subprotocol = ""
  /// Whether the peer makes the same channel by itself, with the same `id`.
  public var isNegotiated = false
  /// The stream of a negotiated channel; others are given one.
  public var id: UInt16?
  /// What RFC 8831 §6.4 calls normal.
  public var priority = DataChannelOpen.normalPriority

  public init() {}

  /// Those of another channel, which is opened in the band.
  public init(of channel: DataChannel) {
    isOrdered = channel.isOrdered
    subprotocol = channel.subprotocol
    priority = channel.priority
    switch channel.reliability {
    case .reliable: break
    case .maxRetransmits(let count): maxRetransmits = UInt16(clamping: count)
    case .maxPacketLifeTime(let time): maxPacketLifeTime = min(time, Self.longestLifeTime)
    }
  }

  static let longestLifeTime = Duration.milliseconds(65_535)

  var reliability: DataChannelReliability {
    if let maxRetransmits { return .maxRetransmits(UInt32(maxRetransmits)) }
    if let maxPacketLifeTime { return .maxPacketLifeTime(maxPacketLifeTime) }
    return .reliable
  }

  /// What does not depend on other channels.
  func check(label: String) throws(DataChannelError) {
    guard label.utf8.count <= DataChannelOpen.longestText else {
      throw .textTooLong(field: "label", bytes: label.utf8.count)
    }
    guard subprotocol.utf8.count <= DataChannelOpen.longestText else {
      throw .textTooLong(field: "protocol", bytes: subprotocol.utf8.count)
    }
    guard maxRetransmits == nil || maxPacketLifeTime == nil else { throw .bothLimits }
    if let maxPacketLifeTime, maxPacketLifeTime < .zero || maxPacketLifeTime > Self.longestLifeTime {
      throw .lifeTime(maxPacketLifeTime)
    }
    guard isNegotiated else { return }
    guard let id else { throw .negotiatedWithoutID }
    guard id < UInt16.max else { throw .illegalID(id) }
  }
}
