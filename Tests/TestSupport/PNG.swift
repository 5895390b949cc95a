import RTCMedia

/// A PNG file of a frame, its pixels stored without compression.
///
/// - SeeAlso: RFC 2083, RFC 1950, RFC 1951 §3.2.4
public func png(of frame: VideoFrame) -> [UInt8] {
  var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  // Eight bits per sample, RGB, no interlace.
  file += chunk("IHDR", bigEndian(frame.width) + bigEndian(frame.height) + [8, 2, 0, 0, 0])
  file += chunk("IDAT", zlibStored(scanlines(of: frame)))
  file += chunk("IEND", [])
  return file
}

/// Rows of RGB after BT.601, each with the filter type 0 in front.
private func scanlines(of frame: VideoFrame) -> [UInt8] {
  var rows: [UInt8] = []
  rows.reserveCapacity(frame.height * (frame.width * 3 + 1))
  let (y, u, v) = (frame.y, frame.u, frame.v)
  for row in 0..<frame.height {
    rows.append(0)
    for column in 0..<frame.width {
      let luma = 298 * (Int(y[row * frame.width + column]) - 16)
      let chroma = row / 2 * (frame.width / 2) + column / 2
      let (blue, red) = (Int(u[chroma]) - 128, Int(v[chroma]) - 128)
      for sample in [luma + 409 * red, luma - 100 * blue - 208 * red, luma + 516 * blue] {
        rows.append(UInt8(clamping: (sample + 128) >> 8))
      }
    }
  }
  return rows
}

private func zlibStored(_ bytes: [UInt8]) -> [UInt8] {
  var stream: [UInt8] = [0x78, 0x01]
  var begin = 0
  repeat {
    let end = min(begin + 65_535, bytes.count)
    let count = UInt16(end - begin)
    stream.append(end == bytes.count ? 1 : 0)
    for word in [count, ~count] { stream += [UInt8(word & 255), UInt8(word >> 8)] }
    stream += bytes[begin..<end]
    begin = end
  } while begin < bytes.count
  var (a, b) = (1, 0)
  for byte in bytes {
    a = (a + Int(byte)) % 65_521
    b = (b + a) % 65_521
  }
  return stream + bigEndian(b << 16 | a)
}

private func chunk(_ type: String, _ body: [UInt8]) -> [UInt8] {
  let content = Array(type.utf8) + body
  return bigEndian(body.count) + content + bigEndian(crc32(content))
}

private func bigEndian(_ value: Int) -> [UInt8] {
  [24, 16, 8, 0].map { (shift: Int) -> UInt8 in UInt8(truncatingIfNeeded: value >> shift) }
}

private func crc32(_ bytes: [UInt8]) -> Int {
  let table = (0..<256).map { index -> UInt32 in
    var value = UInt32(index)
    for _ in 0..<8 { value = value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    return value
  }
  var crc: UInt32 = 0xFFFF_FFFF
  for byte in bytes { crc = table[Int((crc ^ UInt32(byte)) & 255)] ^ (crc >> 8) }
  return Int(crc ^ 0xFFFF_FFFF)
}
