internal import COpus

/// Decodes 20 ms Opus packets with libopus, and makes up for lost ones.
public struct OpusDecoder: ~Copyable {
  public let channels: Int
  private let state: OpaquePointer

  public init(channels: Int = 1) throws(CodecError) {
    var status: Int32 = 0
    let made = opus_decoder_create(Int32(AudioFrame.sampleRate), Int32(clamping: channels), &status)
    guard let made, status == OPUS_OK else {
      throw .cannotCreate(codec: "opus", reason: opusReason(status))
    }
    state = made
    self.channels = channels
  }

  deinit { opus_decoder_destroy(state) }

  /// Decodes one packet.
  public mutating func decode(_ packet: Span<UInt8>, into frame: inout AudioFrame) throws(CodecError) {
    guard packet.count > 0 else { throw .decodingFailed(codec: "opus", size: 0, reason: "an empty packet") }
    try run(packet, forwardErrorCorrection: false, into: &frame)
  }

  /// Decodes the copy of the lost frame before `packet` that forward error correction put into it; the same as
  /// `conceal` when it holds none.
  public mutating func decodeLostFrame(before packet: Span<UInt8>, into frame: inout AudioFrame) throws(CodecError) {
    guard packet.count > 0 else { throw .decodingFailed(codec: "opus", size: 0, reason: "an empty packet") }
    try run(packet, forwardErrorCorrection: true, into: &frame)
  }

  /// Continues the sound for 20 ms without a packet (packet loss concealment).
  public mutating func conceal(into frame: inout AudioFrame) throws(CodecError) {
    try check(frame)
    let samples = opus_decode(state, nil, 0, &frame.samples, Int32(AudioFrame.samplesPerChannel), 0)
    guard samples >= 0 else { throw .decodingFailed(codec: "opus", size: 0, reason: opusReason(samples)) }
  }

  private func run(
    _ packet: Span<UInt8>, forwardErrorCorrection: Bool, into frame: inout AudioFrame
  ) throws(CodecError) {
    try check(frame)
    let samples = packet.withUnsafeBufferPointer {
      opus_decode(
        state, $0.baseAddress, Int32($0.count), &frame.samples, Int32(AudioFrame.samplesPerChannel),
        forwardErrorCorrection ? 1 : 0)
    }
    guard samples >= 0 else { throw .decodingFailed(codec: "opus", size: packet.count, reason: opusReason(samples)) }
    guard samples == AudioFrame.samplesPerChannel else { throw .unexpectedDuration(samples: Int(samples)) }
  }

  private func check(_ frame: AudioFrame) throws(CodecError) {
    guard frame.channels == channels else { throw .wrongChannels(expected: channels, actual: frame.channels) }
  }
}
