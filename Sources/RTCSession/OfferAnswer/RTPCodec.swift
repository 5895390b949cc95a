public import RTCWire

/// The kinds of media that are negotiated.
public enum MediaKind: String, Hashable, Sendable, CaseIterable { case audio, video }

/// A codec with its payload type, as one side describes it.
public struct RTPCodec: Hashable, Sendable {
  /// A kind of RTCP feedback, such as `nack pli`.
  public struct Feedback: Hashable, Sendable {
    public var kind: String
    public var parameter: String?

    public init(_ kind: String, _ parameter: String? = nil) {
      self.kind = kind
      self.parameter = parameter
    }
  }

  public var payloadType: UInt8
  public var name: String
  /// In hertz.
  public var clockRate: UInt32
  /// Audio channels; `nil` for 1 or for video.
  public var channels: UInt16?
  /// The text of `a=fmtp`, if any.
  public var parameters: String?
  public var feedback: [Feedback]

  public init(
    payloadType: UInt8, name: String, clockRate: UInt32, channels: UInt16? = nil, parameters: String? = nil,
    feedback: [Feedback] = []
  ) {
    self.payloadType = payloadType
    self.name = name
    self.clockRate = clockRate
    self.channels = channels
    self.parameters = parameters
    self.feedback = feedback
  }

  public static let opus = RTPCodec(
    payloadType: 111, name: "opus", clockRate: 48000, channels: 2, parameters: "minptime=10;useinbandfec=1",
    feedback: [Feedback("transport-cc")])

  public static let vp8 = RTPCodec(
    payloadType: 96, name: "VP8", clockRate: 90000,
    feedback: [
      Feedback("goog-remb"), Feedback("transport-cc"), Feedback("ccm", "fir"), Feedback("nack"),
      Feedback("nack", "pli"),
    ])

  /// The format of retransmissions of `codec` (RFC 4588 §8.6).
  static func retransmission(of codec: RTPCodec) -> RTPCodec {
    RTPCodec(
      payloadType: codec.payloadType + 1, name: "rtx", clockRate: codec.clockRate,
      parameters: "apt=\(codec.payloadType)")
  }

  /// One parameter of `a=fmtp`.
  public func parameter(_ name: String) -> String? {
    parameters.flatMap { FormatParameters(format: "", text: $0)[name] }
  }

  /// The payload type of the codec that this one repairs, for `rtx`.
  var associatedPayloadType: UInt8? {
    name.lowercased() == "rtx" ? parameter("apt").flatMap { UInt8($0) } : nil
  }

  /// Whether both stand for the same format, whatever their payload types (RFC 3264 §6.1).
  ///
  /// - Note: Retransmission formats are the same when what they repair is; that is looked at elsewhere.
  public func isSameFormat(as other: RTPCodec) -> Bool {
    guard name.lowercased() == other.name.lowercased(), clockRate == other.clockRate,
      (channels ?? 1) == (other.channels ?? 1)
    else { return false }
    switch name.lowercased() {
    case "h264":
      return agrees(with: other, on: "packetization-mode", default: "0") && h264Profile == other.h264Profile
    case "vp9": return agrees(with: other, on: "profile-id", default: "0")
    case "av1": return agrees(with: other, on: "profile", default: "0")
    default: return true
    }
  }

  private func agrees(with other: RTPCodec, on name: String, default value: String) -> Bool {
    (parameter(name) ?? value) == (other.parameter(name) ?? value)
  }

  /// The profile without the level (RFC 6184 §8.1).
  private var h264Profile: String { String((parameter("profile-level-id") ?? "42000A").prefix(4)).lowercased() }
}

extension MediaDescription {
  /// The codecs of an RTP section in its order of preference.
  ///
  /// A payload type without `a=rtpmap` is one of the static ones of RFC 3551; those that are unknown are left out.
  public var codecs: [RTPCodec] {
    var maps: [UInt8: RTPMap] = [:]
    for map in attributes.rtpmaps where maps[map.payloadType] == nil { maps[map.payloadType] = map }
    var parameters: [UInt8: String] = [:]
    for format in attributes.formatParameters {
      if let payloadType = format.payloadType, parameters[payloadType] == nil { parameters[payloadType] = format.text }
    }
    let feedback = FeedbackLines(attributes.rtcpFeedback)
    return payloadTypes.compactMap { payloadType in
      guard let map = maps[payloadType] ?? Self.staticMap(of: payloadType) else { return nil }
      return RTPCodec(
        payloadType: payloadType, name: map.encodingName, clockRate: map.clockRate, channels: map.channels,
        parameters: parameters[payloadType],
        feedback: feedback.kinds(of: payloadType))
    }
  }

  /// The kinds of feedback of each payload type, and those that hold for all, each once and in the order of the lines.
  ///
  /// There are about ten kinds; more than the limit are not looked at, so that many lines times many formats stay few.
  private struct FeedbackLines {
    private static let limit = 32
    private typealias Entry = (line: Int, kind: RTPCodec.Feedback)
    private var entries: [UInt8?: [Entry]] = [:]

    init(_ lines: [RTCPFeedback]) {
      for (number, line) in lines.enumerated() {
        let kind = RTPCodec.Feedback(line.kind, line.parameter)
        let known = entries[line.payloadType, default: []]
        guard known.count < Self.limit, !known.contains(where: { $0.kind == kind }) else { continue }
        entries[line.payloadType, default: []].append((number, kind))
      }
    }

    func kinds(of payloadType: UInt8) -> [RTPCodec.Feedback] {
      let own = entries[.some(payloadType)] ?? []
      guard let common = entries[.none] else { return own.map(\.kind) }
      let all = own + common
      var seen: Set<RTPCodec.Feedback> = []
      return all.sorted { $0.line < $1.line }.map(\.kind).filter { seen.insert($0).inserted }
    }
  }

  private static func staticMap(of payloadType: UInt8) -> RTPMap? {
    switch payloadType {
    case 0: RTPMap(payloadType: 0, encodingName: "PCMU", clockRate: 8000)
    case 8: RTPMap(payloadType: 8, encodingName: "PCMA", clockRate: 8000)
    case 9: RTPMap(payloadType: 9, encodingName: "G722", clockRate: 8000)
    case 13: RTPMap(payloadType: 13, encodingName: "CN", clockRate: 8000)
    default: nil
    }
  }
}

extension MediaKind {
  /// What a transceiver offers unless told otherwise.
  public var defaultCodecs: [RTPCodec] {
    switch self {
    case .audio: [.opus]
    case .video: [.vp8]
    }
  }

  /// The RTP header extensions that a transceiver offers unless told otherwise.
  public var defaultHeaderExtensions: [HeaderExtensionMap] {
    let common = [
      HeaderExtensionMap(id: 3, uri: AbsoluteSendTime.uri),
      HeaderExtensionMap(id: 4, uri: TransportSequenceNumber.uri),
      HeaderExtensionMap(id: 5, uri: AbsoluteCaptureTime.uri),
    ]
    let mid = HeaderExtensionMap(id: 1, uri: MediaIdentification.uri)
    let level = HeaderExtensionMap(id: 2, uri: AudioLevel.uri)
    return self == .audio ? [mid, level] + common : [mid] + common
  }
}
