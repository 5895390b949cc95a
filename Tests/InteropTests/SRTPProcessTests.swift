import Foundation
import RTCPrimitives
import RTCTransport
import RTCWire
import Testing

/// What we protect is opened by libsrtp2 in another process, of another build, and the other way round.
@Suite(.timeLimit(.minutes(1)))
struct SRTPProcessTests {
  private struct Task: Encodable {
    let profile: String
    let ourKey: String
    let theirKey: String
    let protectedRTP: [String]
    let protectedRTCP: [String]
    let rtp: [String]
    let rtcp: [String]
  }

  private struct Answer: Decodable {
    let rtp: [String]
    let rtcp: [String]
    let protectedRTP: [String]
    let protectedRTCP: [String]
  }

  private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { String(format: "%02x", $0) }.joined()
  }

  private static func bytes(_ text: String) -> [UInt8] {
    let digits = Array(text.utf8)
    return stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
    }
  }

  /// Of two streams, across the end of the sequence numbers, with and without a payload.
  private static let rtp: [[UInt8]] = (0..<200).map { index in
    let number = UInt16(truncatingIfNeeded: 65_500 + index / 2)
    let head: [UInt8] = [
      0x80, 111, UInt8(number >> 8), UInt8(number & 255), 0, 0, UInt8(index), 7, 0, 0, 0, UInt8(1 + index % 2),
    ]
    return head + (0..<index * 6).map { UInt8(truncatingIfNeeded: $0 * index) }
  }

  /// Receiver reports without blocks.
  private static let rtcp: [[UInt8]] = (0..<20).map { [0x80, 201, 0, 1, 0, 0, 0, UInt8(1 + $0 % 2)] }

  @Test(
    .interop(.libsrtp2, "SRTP and SRTCP with another process, both ways and profiles"), arguments: SRTPProfile.allCases)
  func `another process opens what we protect, and we what it protects`(profile: SRTPProfile) throws {
    func key(_ base: Int) -> SRTPMasterKey {
      SRTPMasterKey(
        key: (0..<profile.keyLength).map { UInt8(base + $0) },
        salt: (0..<profile.saltLength).map { UInt8(base * 2 + $0) })
    }
    let keys = try SRTPKeys(profile: profile, local: key(1), remote: key(77))
    var session = try SRTPSession(keys)
    func text(_ key: SRTPMasterKey) -> String { Self.hexadecimal(key.key + key.salt) }
    var (rtp, rtcp): ([String], [String]) = ([], [])
    for packet in Self.rtp {
      var writer = ByteWriter()
      writer.append(packet.span)
      try session.protectRTP(&writer, from: 0)
      rtp.append(Self.hexadecimal(writer.bytes))
    }
    for packet in Self.rtcp {
      var writer = ByteWriter()
      writer.append(packet.span)
      try session.protectRTCP(&writer, from: 0)
      rtcp.append(Self.hexadecimal(writer.bytes))
    }
    let task = Task(
      profile: profile.description, ourKey: text(keys.remote), theirKey: text(keys.local), protectedRTP: rtp,
      protectedRTCP: rtcp, rtp: Self.rtp.map(Self.hexadecimal), rtcp: Self.rtcp.map(Self.hexadecimal))
    let peer = try RunningProgram(Installed.venvPython) { folder in
      let file = folder.appending(path: "task.json")
      try JSONEncoder().encode(task).write(to: file)
      return [Installed.script("srtp_peer.py"), file.path]
    }
    let result = peer.finish()
    try #require(result.status == 0, "\(result.output)")
    let answer = try JSONDecoder().decode(Answer.self, from: Data(result.output.utf8))
    #expect(answer.rtp == task.rtp && answer.rtcp == task.rtcp)
    for (protected, plain) in zip(answer.protectedRTP, Self.rtp) {
      var writer = ByteWriter()
      writer.append(Self.bytes(protected).span)
      try session.unprotectRTP(&writer, from: 0)
      #expect(writer.bytes == plain)
    }
    for (protected, plain) in zip(answer.protectedRTCP, Self.rtcp) {
      var writer = ByteWriter()
      writer.append(Self.bytes(protected).span)
      try session.unprotectRTCP(&writer, from: 0)
      #expect(writer.bytes == plain)
    }
    #expect(answer.protectedRTP.count == Self.rtp.count && answer.protectedRTCP.count == Self.rtcp.count)
  }
}
