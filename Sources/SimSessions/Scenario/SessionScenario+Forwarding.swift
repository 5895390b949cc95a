import RTCMedia
import RTCPrimitives
import RTCSession
import SimNodes

/// What an SFU selects for each receiver.
public struct ForwardingProfile: Hashable, Sendable {
  /// Whether clients send each picture in several sizes.
  public var simulcast = true
  /// Of how many people a receiver sees pictures.
  public var lastN = 25
  /// Of how many people sound is forwarded.
  public var loudest = 3
  public var layout = SelectionSettings.Layout.grid

  /// As production units do it: LiveKit and Jitsi send simulcast, Jitsi Meet's `channelLastN` of meet.jit.si is 25, and
  /// its units forward the loudest three.
  public init() {}

  static func decode(_ reader: FieldReader) throws(ScenarioError) -> ForwardingProfile {
    let fields = try reader.object(["simulcast", "lastN", "loudest", "layout"])
    var profile = ForwardingProfile()
    if let reader = fields["simulcast"] { profile.simulcast = try reader.flag() }
    if let reader = fields["lastN"] { profile.lastN = try reader.integer(.lastN) }
    if let reader = fields["loudest"] { profile.loudest = try reader.integer(.loudest) }
    if let reader = fields["layout"] { profile.layout = try reader.choice(SelectionSettings.Layout.self) }
    return profile
  }
}

extension SessionScenario {
  /// How many sizes of a picture are sent at most, as by Chromium.
  private static let largestEncodingCount = 3
  /// Bytes of a packet of video that are not payload, and its largest payload.
  private static let overhead = DataSize.bytes(61)
  private static let packet = DataSize.bytes(RTPStreamSender.largestPacket - 36)

  /// Whether there are estimates to follow.
  public var adapts: Bool { Self.adapts(congestionControl) }

  /// What the SFU selects; `nil` where it forwards everything, and in other topologies.
  public var forwarding: ForwardingProfile? {
    topology == SelectiveForwarding().name && adapts ? sfu ?? ForwardingProfile() : nil
  }

  /// Whether a controller estimates anything.
  static func adapts(_ congestionControl: String?) -> Bool { congestionControl.map { $0 != "fixed" } ?? false }

  /// The sizes in which everybody's picture is sent, the smallest first; one where there is no simulcast.
  public var encodings: [SimulcastFormat] {
    guard let video else { return [] }
    // A ladder is of one picture that changes its size.
    let sends = forwarding?.simulcast == true && adaptation != VideoAdaptations.ladder.name
    let wanted = sends ? Self.largestEncodingCount : 1
    return SimulcastFormat.layers(width: video.width, height: video.height, wanted: wanted)
  }

  /// What the unit is told; `nil` where it forwards everything.
  var selection: SelectionSettings? {
    guard let forwarding else { return nil }
    var settings = SelectionSettings()
    settings.lastN = forwarding.lastN
    settings.loudest = forwarding.loudest
    settings.layout = forwarding.layout
    let formats = encodings
    settings.encodings = formats.enumerated().map { index, format in
      let isAlone = formats.count == 1
      let payload = isAlone ? video?.bitrate ?? .zero : index == formats.count - 1 ? format.maximum : format.target
      let rate = RateAllocation.total(
        of: payload, framesPerSecond: video?.frameRate ?? 30, packet: Self.packet, overhead: Self.overhead)
      return SelectionSettings.Encoding(height: isAlone ? video?.height ?? 0 : format.height, rate: rate)
    }
    return settings
  }

  func checkForwarding() throws(Contradiction) {
    guard sfu != nil, !Self.adapts(congestionControl) else { return }
    let found = "'\(congestionControl ?? "none")'"
    throw Contradiction(
      (
        "sfu", "an object",
        "no such section, because congestionControl is \(found), and what is selected follows estimates"
      ),
      ("congestionControl", found, "a controller that estimates, such as 'gcc', because there is a section sfu"))
  }
}
