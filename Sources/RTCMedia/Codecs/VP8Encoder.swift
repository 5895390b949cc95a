internal import CVPX
public import RTCPrimitives

extension CodecDescription {
  /// VP8.
  ///
  /// - SeeAlso: RFC 7741 §6, RFC 4585, RFC 5104
  public static let vp8 = CodecDescription(
    name: "VP8", payloadType: 96, clockRate: 90_000, feedback: ["nack", "nack pli", "ccm fir"],
    summary: "VP8, real-time constant bitrate (libvpx, cpu-used -6)")
}

/// How video is coded.
public struct VP8Settings: Hashable, Sendable {
  public var width: Int
  public var height: Int
  public var bitrate: DataRate
  public var framesPerSecond: Int
  /// How many temporal layers the stream has, 1 to 3; they stay when the rate changes.
  public var temporalLayers: Int

  public init(
    width: Int = 640, height: Int = 360, bitrate: DataRate = .kilobitsPerSecond(800), framesPerSecond: Int = 30,
    temporalLayers: Int = 1
  ) {
    self.width = width
    self.height = height
    self.bitrate = bitrate
    self.framesPerSecond = framesPerSecond
    self.temporalLayers = temporalLayers
  }

  /// Which frame belongs to which temporal layer; `nil` when there is only one.
  var temporalPattern: TemporalPattern? {
    temporalLayers == 1 ? nil : TemporalPattern(layerCount: temporalLayers)
  }
}

/// Codes pictures with libvpx's VP8, with libwebrtc's real-time settings: one pass, no lag, constant bitrate, buffers
/// of 0.5, 0.6 and 1 s, quantizers 2 to 56, error resilient, key frames only on demand and of at most nine frames'
/// budget. No frame is dropped. Temporal layers follow libwebrtc's pattern and shares of the rate (`TemporalPattern`).
///
/// One thread and a negative `cpu-used` (a positive one reads the clock) make it repeatable: the same pictures give the
/// same bytes.
public struct VP8Encoder: ~Copyable {
  public private(set) var settings: VP8Settings
  private let context: UnsafeMutablePointer<vpx_codec_ctx_t>
  private var configuration: vpx_codec_enc_cfg_t
  private var presentationTime: Int64 = 0
  private var temporalPattern: TemporalPattern?
  private var needsKeyFrame = true

  private static let clockRate = 90_000

  public init(settings: VP8Settings = VP8Settings()) throws(CodecError) {
    var configuration = vpx_codec_enc_cfg_t()
    context = try Self.makeContext(settings, &configuration)
    self.configuration = configuration
    self.settings = settings
    temporalPattern = settings.temporalPattern
  }

  deinit {
    vpx_codec_destroy(context)
    context.deallocate()
  }

  /// Appends the coded picture to `output`; `nil` when the library gave none.
  public mutating func encode(
    _ frame: borrowing VideoFrame, forcingKeyFrame: Bool = false, rtpTimestamp: UInt32, captureTime: Instant,
    into output: inout ByteWriter
  ) throws(CodecError) -> EncodedFrame? {
    guard frame.width == settings.width, frame.height == settings.height else {
      throw .wrongDimensions(
        expectedWidth: settings.width, expectedHeight: settings.height, actualWidth: frame.width,
        actualHeight: frame.height)
    }
    let ticks = Self.clockRate / settings.framesPerSecond
    let role = temporalPattern?.next(isKeyFrame: forcingKeyFrame || needsKeyFrame)
    if let role { try setLayer(role.layer) }
    let flags = forcingKeyFrame ? vpx_enc_frame_flags_t(VPX_EFLAG_FORCE_KF) : needsKeyFrame ? 0 : role?.flags ?? 0
    let time = presentationTime
    presentationTime += Int64(ticks)
    let status = frame.bytes.withUnsafeBufferPointer { bytes in
      var image = vpx_image_t()
      // The encoder only reads the picture.
      let pixels = UnsafeMutablePointer(mutating: bytes.baseAddress)
      guard vpx_img_wrap(&image, VPX_IMG_FMT_I420, UInt32(settings.width), UInt32(settings.height), 1, pixels) != nil
      else { return VPX_CODEC_MEM_ERROR }
      return vpx_codec_encode(context, &image, time, UInt(ticks), flags, UInt(VPX_DL_REALTIME))
    }
    guard status == VPX_CODEC_OK else { throw .encodingFailed(codec: "VP8", reason: vpxReason(context, status)) }
    guard var frame = takePacket(rtpTimestamp: rtpTimestamp, captureTime: captureTime, into: &output) else {
      return nil
    }
    needsKeyFrame = false
    if let role {
      temporalPattern?.noteCoded(role)
      frame.temporalLayer = frame.isKeyFrame ? .keyFrame : role.place
    }
    return frame
  }

  /// Says which layer's share of the rate the next picture is taken from.
  private func setLayer(_ layer: UInt8) throws(CodecError) {
    let status = vpx_codec_control_VP8E_SET_TEMPORAL_LAYER_ID(
      context, VP8E_SET_TEMPORAL_LAYER_ID.code, Int32(layer))
    guard status == VPX_CODEC_OK else {
      throw .cannotConfigure(codec: "VP8", setting: "temporal layer", reason: vpxReason(context, status))
    }
  }

  /// Changes the target from the next frame on.
  public mutating func setBitrate(_ bitrate: DataRate) throws(CodecError) {
    settings.bitrate = bitrate
    Self.fill(&configuration, with: settings)
    let status = vpx_codec_enc_config_set(context, &configuration)
    guard status == VPX_CODEC_OK else {
      throw .cannotConfigure(codec: "VP8", setting: "bitrate", reason: vpxReason(context, status))
    }
  }

  private mutating func takePacket(
    rtpTimestamp: UInt32, captureTime: Instant, into output: inout ByteWriter
  ) -> EncodedFrame? {
    let begin = output.count
    var isKeyFrame = false
    var iterator: vpx_codec_iter_t?
    while let packet = vpx_codec_get_cx_data(context, &iterator) {
      guard packet.pointee.kind == VPX_CODEC_CX_FRAME_PKT else { continue }
      let part = packet.pointee.data.frame
      isKeyFrame = part.flags & UInt32(VPX_FRAME_IS_KEY) != 0
      output.bytes.append(contentsOf: UnsafeRawBufferPointer(start: part.buf, count: part.sz))
    }
    guard output.count > begin else { return nil }
    return EncodedFrame(
      isKeyFrame: isKeyFrame, stored: begin..<output.count, rtpTimestamp: rtpTimestamp, captureTime: captureTime)
  }

  private static func fill(_ configuration: inout vpx_codec_enc_cfg_t, with settings: VP8Settings) {
    configuration.g_w = UInt32(settings.width)
    configuration.g_h = UInt32(settings.height)
    configuration.g_timebase = vpx_rational(num: 1, den: Int32(clockRate))
    configuration.g_threads = 1
    configuration.g_lag_in_frames = 0
    configuration.g_pass = VPX_RC_ONE_PASS
    configuration.g_error_resilient = vpx_codec_er_flags_t(VPX_ERROR_RESILIENT_DEFAULT)
    configuration.rc_end_usage = VPX_CBR
    configuration.rc_target_bitrate = UInt32(clamping: settings.bitrate.bitsPerSecond / 1000)
    configuration.rc_min_quantizer = 2
    configuration.rc_max_quantizer = 56
    configuration.rc_undershoot_pct = 100
    configuration.rc_overshoot_pct = 15
    configuration.rc_buf_initial_sz = 500
    configuration.rc_buf_optimal_sz = 600
    configuration.rc_buf_sz = 1000
    configuration.rc_dropframe_thresh = 0
    configuration.rc_resize_allowed = 0
    configuration.kf_mode = VPX_KF_DISABLED
    guard let pattern = settings.temporalPattern else { return }
    configuration.ts_number_layers = UInt32(pattern.layerCount)
    configuration.ts_periodicity = UInt32(pattern.layers.count)
    for (place, layer) in pattern.layers.enumerated() { set(&configuration.ts_layer_id, place, UInt32(layer)) }
    for layer in 0..<pattern.layerCount {
      let share = TemporalPattern.cumulativeShare(of: layer, layerCount: pattern.layerCount)
      let kilobits = settings.bitrate.scaled(by: share / 1000).bitsPerSecond
      set(&configuration.ts_target_bitrate, layer, UInt32(clamping: kilobits))
      set(&configuration.ts_rate_decimator, layer, 1 << UInt32(pattern.layerCount - 1 - layer))
    }
  }

  /// Sets an element of an array of C, which Swift sees as a tuple.
  private static func set<Elements>(_ array: inout Elements, _ index: Int, _ value: UInt32) {
    withUnsafeMutableBytes(of: &array) { bytes in
      bytes.storeBytes(of: value, toByteOffset: index * MemoryLayout<UInt32>.stride, as: UInt32.self)
    }
  }

  private static func makeContext(
    _ settings: VP8Settings, _ configuration: inout vpx_codec_enc_cfg_t
  ) throws(CodecError) -> UnsafeMutablePointer<vpx_codec_ctx_t> {
    let interface = vpx_codec_vp8_cx()
    guard vpx_codec_enc_config_default(interface, &configuration, 0) == VPX_CODEC_OK else {
      throw .cannotCreate(codec: "VP8", reason: "no default configuration")
    }
    fill(&configuration, with: settings)
    let context = UnsafeMutablePointer<vpx_codec_ctx_t>.allocate(capacity: 1)
    context.initialize(to: vpx_codec_ctx_t())
    let status = vpx_codec_enc_init_ver(context, interface, &configuration, 0, rtcsim_vpx_encoder_abi)
    guard status == VPX_CODEC_OK else {
      defer { context.deallocate() }
      throw .cannotCreate(codec: "VP8", reason: vpxReason(context, status))
    }
    let refused = [
      ("cpu-used", vpx_codec_control_VP8E_SET_CPUUSED(context, VP8E_SET_CPUUSED.code, -6)),
      ("static threshold", vpx_codec_control_VP8E_SET_STATIC_THRESHOLD(context, VP8E_SET_STATIC_THRESHOLD.code, 1)),
      ("token partitions", vpx_codec_control_VP8E_SET_TOKEN_PARTITIONS(context, VP8E_SET_TOKEN_PARTITIONS.code, 0)),
      ("noise sensitivity", vpx_codec_control_VP8E_SET_NOISE_SENSITIVITY(context, VP8E_SET_NOISE_SENSITIVITY.code, 0)),
      (
        "largest key frame",
        vpx_codec_control_VP8E_SET_MAX_INTRA_BITRATE_PCT(context, VP8E_SET_MAX_INTRA_BITRATE_PCT.code, 900)
      ),
    ].first { $0.1 != VPX_CODEC_OK }
    if let (setting, status) = refused {
      defer {
        vpx_codec_destroy(context)
        context.deallocate()
      }
      throw .cannotConfigure(codec: "VP8", setting: setting, reason: vpxReason(context, status))
    }
    return context
  }
}

/// The library's sentence for what went wrong last.
func vpxReason(_ context: UnsafeMutablePointer<vpx_codec_ctx_t>, _ status: vpx_codec_err_t) -> String {
  if let detail = vpx_codec_error_detail(context) { return String(cString: detail) }
  return String(cString: vpx_codec_err_to_string(status))
}

extension TemporalPattern.Role {
  /// What the library must not refer to and not refresh.
  fileprivate var flags: vpx_enc_frame_flags_t {
    var flags = VP8_EFLAG_NO_REF_ARF | VP8_EFLAG_NO_UPD_ARF
    if !references.contains(.last) { flags |= VP8_EFLAG_NO_REF_LAST }
    if !references.contains(.golden) { flags |= VP8_EFLAG_NO_REF_GF }
    if !refreshes.contains(.last) { flags |= VP8_EFLAG_NO_UPD_LAST }
    if !refreshes.contains(.golden) { flags |= VP8_EFLAG_NO_UPD_GF }
    if isDiscardable { flags |= VP8_EFLAG_NO_UPD_ENTROPY }
    return vpx_enc_frame_flags_t(flags)
  }
}

extension vp8e_enc_control_id {
  fileprivate var code: Int32 { Int32(rawValue) }
}
