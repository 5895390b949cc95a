internal import CVPX

/// Decodes VP8 with libvpx, one thread.
public struct VP8Decoder: ~Copyable {
  private let context: UnsafeMutablePointer<vpx_codec_ctx_t>

  public init() throws(CodecError) {
    let made = UnsafeMutablePointer<vpx_codec_ctx_t>.allocate(capacity: 1)
    made.initialize(to: vpx_codec_ctx_t())
    var configuration = vpx_codec_dec_cfg_t(threads: 1, w: 0, h: 0)
    let status = vpx_codec_dec_init_ver(made, vpx_codec_vp8_dx(), &configuration, 0, rtcsim_vpx_decoder_abi)
    guard status == VPX_CODEC_OK else {
      defer { made.deallocate() }
      throw .cannotCreate(codec: "VP8", reason: vpxReason(made, status))
    }
    context = made
  }

  deinit {
    vpx_codec_destroy(context)
    context.deallocate()
  }

  /// Decodes one coded frame into `frame`, which takes on the coded size; the last row or column of an odd one is left
  /// out.
  ///
  /// - Returns: whether there is a picture; a frame may be coded as not to be shown.
  public mutating func decode(_ bytes: Span<UInt8>, into frame: inout VideoFrame) throws(CodecError) -> Bool {
    // To libvpx an empty input means a lost frame and would give the last picture again.
    guard bytes.count > 0 else { throw .decodingFailed(codec: "VP8", size: 0, reason: "an empty frame") }
    let status = bytes.withUnsafeBufferPointer {
      vpx_codec_decode(context, $0.baseAddress, UInt32($0.count), nil, 0)
    }
    guard status == VPX_CODEC_OK else {
      throw .decodingFailed(codec: "VP8", size: bytes.count, reason: vpxReason(context, status))
    }
    var iterator: vpx_codec_iter_t?
    guard let image = vpx_codec_get_frame(context, &iterator) else { return false }
    try copy(image.pointee, into: &frame, codedSize: bytes.count)
    return true
  }

  private func copy(_ image: vpx_image_t, into frame: inout VideoFrame, codedSize: Int) throws(CodecError) {
    // Browsers scale pictures down to odd sizes when the rate is low; our frames are even.
    let (width, height) = (Int(image.d_w) & ~1, Int(image.d_h) & ~1)
    guard width >= 2, height >= 2 else {
      throw .decodingFailed(codec: "VP8", size: codedSize, reason: "a picture of \(image.d_w)x\(image.d_h)")
    }
    if frame.width != width || frame.height != height { frame = VideoFrame(width: width, height: height) }
    let planes = [
      (image.planes.0, Int(image.stride.0), width, height, frame.yRange.lowerBound),
      (image.planes.1, Int(image.stride.1), width / 2, height / 2, frame.uRange.lowerBound),
      (image.planes.2, Int(image.stride.2), width / 2, height / 2, frame.vRange.lowerBound),
    ]
    frame.bytes.withUnsafeMutableBytes { target in
      for (plane, stride, columns, rows, begin) in planes {
        for row in 0..<rows {
          let source = UnsafeRawBufferPointer(start: plane! + row * stride, count: columns)
          target[begin + row * columns..<begin + (row + 1) * columns].copyBytes(from: source)
        }
      }
    }
  }
}
