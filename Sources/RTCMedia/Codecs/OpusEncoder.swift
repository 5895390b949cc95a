internal import COpus
public import RTCPrimitives

extension CodecDescription {
  /// Opus at 48 kHz.
  ///
  /// - SeeAlso: RFC 7587 §7
  public static let opus = CodecDescription(
    name: "opus", payloadType: 111, clockRate: 48_000, channels: 2, formatParameters: "minptime=10;useinbandfec=1",
    summary: "Opus, 20 ms frames, variable bitrate (libopus)")
}

/// How sound is coded.
public struct OpusSettings: Hashable, Sendable {
  /// The mean rate; the library varies around it with the content.
  public var bitrate: DataRate
  public var channels: Int
  /// Effort from 0 to 10; libwebrtc uses 9 on a computer.
  public var complexity: Int
  /// Whether a packet carries a coarse copy of the one before (RFC 6716 §2.1.7).
  public var usesForwardErrorCorrection: Bool
  /// The loss that forward error correction prepares for, in percent.
  public var expectedLossPercent: Int
  /// Whether pauses are left out (discontinuous transmission).
  public var usesDiscontinuousTransmission: Bool

  public init(
    bitrate: DataRate = .kilobitsPerSecond(32), channels: Int = 1, complexity: Int = 9,
    usesForwardErrorCorrection: Bool = true, expectedLossPercent: Int = 0, usesDiscontinuousTransmission: Bool = false
  ) {
    self.bitrate = bitrate
    self.channels = channels
    self.complexity = complexity
    self.usesForwardErrorCorrection = usesForwardErrorCorrection
    self.expectedLossPercent = expectedLossPercent
    self.usesDiscontinuousTransmission = usesDiscontinuousTransmission
  }
}

/// Codes 20 ms frames with libopus.
public struct OpusEncoder: ~Copyable {
  public let settings: OpusSettings
  private let state: OpaquePointer
  private var packet: [UInt8]

  /// The largest packet that one Opus frame can fill (RFC 6716 §3.2.1).
  private static let largestPacket = 1275

  public init(settings: OpusSettings = OpusSettings()) throws(CodecError) {
    state = try Self.makeState(settings)
    self.settings = settings
    packet = Array(repeating: 0, count: Self.largestPacket)
  }

  deinit { opus_encoder_destroy(state) }

  /// Appends the coded frame to `output`; `nil` when discontinuous transmission leaves it out.
  public mutating func encode(
    _ frame: AudioFrame, rtpTimestamp: UInt32, captureTime: Instant, into output: inout ByteWriter
  ) throws(CodecError) -> EncodedFrame? {
    guard frame.channels == settings.channels else {
      throw .wrongChannels(expected: settings.channels, actual: frame.channels)
    }
    let count = opus_encode(
      state, frame.samples, Int32(AudioFrame.samplesPerChannel), &packet, Int32(Self.largestPacket))
    guard count > 0 else { throw .encodingFailed(codec: "opus", reason: opusReason(count)) }
    // The library asks that packets of one or two bytes not be sent when DTX is on.
    if settings.usesDiscontinuousTransmission, count <= 2 { return nil }
    let begin = output.count
    output.append(packet[..<Int(count)])
    return EncodedFrame(
      isKeyFrame: true, stored: begin..<output.count, rtpTimestamp: rtpTimestamp, captureTime: captureTime)
  }

  private static func makeState(_ settings: OpusSettings) throws(CodecError) -> OpaquePointer {
    var status: Int32 = 0
    let made = opus_encoder_create(
      Int32(AudioFrame.sampleRate), Int32(clamping: settings.channels), OPUS_APPLICATION_VOIP, &status)
    guard status == OPUS_OK, let made else { throw .cannotCreate(codec: "opus", reason: opusReason(status)) }
    let values: [(Int32, String, Int)] = [
      (OPUS_SET_BITRATE_REQUEST, "bitrate", Int(settings.bitrate.bitsPerSecond)),
      (OPUS_SET_COMPLEXITY_REQUEST, "complexity", settings.complexity),
      (OPUS_SET_INBAND_FEC_REQUEST, "forward error correction", settings.usesForwardErrorCorrection ? 1 : 0),
      (OPUS_SET_PACKET_LOSS_PERC_REQUEST, "expected loss", settings.expectedLossPercent),
      (OPUS_SET_DTX_REQUEST, "discontinuous transmission", settings.usesDiscontinuousTransmission ? 1 : 0),
    ]
    for (request, name, value) in values {
      let status = rtcsim_opus_encoder_set(made, request, Int32(clamping: value))
      guard status == OPUS_OK else {
        opus_encoder_destroy(made)
        throw .cannotConfigure(codec: "opus", setting: name, reason: opusReason(status))
      }
    }
    return made
  }
}

/// The library's sentence for a status code.
func opusReason(_ status: Int32) -> String { String(cString: opus_strerror(status)) }
