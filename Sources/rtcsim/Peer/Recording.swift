import RTCMedia
import RTCPrimitives
import SimSessions

/// The coded pictures of a track as an IVF file, which appears when it is whole.
///
/// Not decoded ones: they may change their size in the middle, for which Y4M has no word.
/// - SeeAlso: libvpx, ivfenc.c
struct IVFRecording: ~Copyable {
  private let file: AtomicFile
  private var frames: UInt32 = 0
  private var firstTimestamp: UInt32 = 0
  private static let clockRate: UInt32 = 90_000
  private static let countOffset = 24

  /// Begins at a key frame.
  init(path: String, width: Int, height: Int) throws(FileError) {
    let file = try AtomicFile(path: path)
    var header: [UInt8] = Array("DKIF".utf8)
    header += littleEndian(UInt16(0)) + littleEndian(UInt16(32)) + Array("VP80".utf8)
    header += littleEndian(UInt16(clamping: width)) + littleEndian(UInt16(clamping: height))
    header += littleEndian(Self.clockRate) + littleEndian(UInt32(1)) + littleEndian(UInt32(0)) + littleEndian(UInt32(0))
    try file.append(header)
    self.file = file
  }

  mutating func append(_ frame: AssembledFrame) throws(FileError) {
    if frames == 0 { firstTimestamp = frame.rtpTimestamp }
    frames += 1
    // It begins again after 13 hours, as RTP timestamps do.
    let time = UInt64(frame.rtpTimestamp &- firstTimestamp)
    try file.append(littleEndian(UInt32(clamping: frame.bytes.count)) + littleEndian(time) + frame.bytes)
  }

  consuming func finish() throws(FileError) {
    try file.replace(littleEndian(frames), at: Self.countOffset)
    try file.commit()
  }
}

/// The sound of a track as a WAV file of one channel at 48 kHz, which appears when it is whole.
struct WAVRecording: ~Copyable {
  private let file: AtomicFile
  private var size: UInt32 = 0
  private static let headerSize: UInt32 = 44

  init(path: String) throws(FileError) {
    let file = try AtomicFile(path: path)
    let rate = UInt32(AudioFrame.sampleRate)
    var header: [UInt8] = Array("RIFF".utf8) + littleEndian(UInt32(0)) + Array("WAVEfmt ".utf8)
    header += littleEndian(UInt32(16)) + littleEndian(UInt16(1)) + littleEndian(UInt16(1)) + littleEndian(rate)
    header += littleEndian(2 * rate) + littleEndian(UInt16(2)) + littleEndian(UInt16(16))
    header += Array("data".utf8) + littleEndian(UInt32(0))
    try file.append(header)
    self.file = file
  }

  /// Takes sound of one channel; what exceeds the four gigabytes of the format is left out.
  mutating func append(_ sound: AudioFrame) throws(FileError) {
    let count = UInt32(2 * sound.samples.count)
    guard size <= UInt32.max - Self.headerSize - count else { return }
    size += count
    try file.append(sound.samples.flatMap { littleEndian(UInt16(bitPattern: $0)) })
  }

  consuming func finish() throws(FileError) {
    try file.replace(littleEndian(size + Self.headerSize - 8), at: 4)
    try file.replace(littleEndian(size), at: 40)
    try file.commit()
  }
}

private func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
