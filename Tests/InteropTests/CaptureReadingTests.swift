import Foundation
import Testing

/// A capture of the simulator, read by tshark.
@Suite(.timeLimit(.minutes(1)))
struct CaptureReadingTests {
  @Test(.interop(.tshark, "reads a call's captures: STUN, DTLS and SRTP, nothing malformed, checksums right"))
  func `tshark reads every packet of a call and finds nothing malformed`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "interop-pcap-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let run = try RunningProgram(Installed.rtcsim) { _ in
      ["run", "two-peers", "--duration", "6s", "--pcap", folder.path]
    }.finish()
    try #require(run.status == 0, "\(run.output)")
    let captures = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    #expect(!captures.isEmpty)
    for capture in captures {
      let reading = try RunningProgram(try #require(Installed.tshark), limit: .seconds(40)) { _ in
        [
          "-r", capture.path, "--enable-heuristic", "rtp_udp", "-o", "udp.check_checksum:TRUE", "-o",
          "ip.check_checksum:TRUE", "-T", "fields", "-E", "separator=;", "-e", "_ws.col.Protocol", "-e",
          "_ws.malformed",
          "-e", "udp.checksum.status",
        ]
      }.finish()
      #expect(reading.status == 0, "\(reading.output)")
      var counts: [String: Int] = [:]
      for line in reading.output.split(separator: "\n") {
        let fields = line.split(separator: ";", omittingEmptySubsequences: false)
        // What tshark says about itself, such as that it runs as root.
        guard fields.count == 3 else { continue }
        counts[String(fields[0]), default: 0] += 1
        #expect(fields[1].isEmpty, "\(capture.lastPathComponent): \(line)")
        #expect(fields[2] == "1", "\(capture.lastPathComponent): \(line)")
      }
      #expect(counts["STUN"] ?? 0 > 4 && counts["DTLSv1.2"] ?? 0 >= 4, "\(capture.lastPathComponent): \(counts)")
      // Nothing announces RTP but its look; from the handshake tshark knows that it is SRTP.
      #expect(counts["SRTP"] ?? 0 > 400 && counts["SRTCP"] ?? 0 > 4, "\(capture.lastPathComponent): \(counts)")
    }
  }
}
