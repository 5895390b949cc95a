import Foundation
import SimSessions
import Testing

struct ReportFileTests {
  /// The rules of RFC 4180 §2.
  @Test func `a field is quoted when it holds a comma, a quote or a line end, and quotes are doubled`() {
    var csv = CSV(header: ["name", "client_uplink_mbps_udpip"])
    csv.append(["plain", "1.5"])
    csv.append(["a,b", "say \"hi\""])
    csv.append(["two\nlines", "two\r\nlines"])
    csv.append(["", " x "])
    #expect(
      csv.text
        == "name,client_uplink_mbps_udpip\r\nplain,1.5\r\n\"a,b\",\"say \"\"hi\"\"\"\r\n\"two\nlines\",\"two\r\nlines\"\r\n, x \r\n"
    )
  }

  @Test func `a file appears whole and takes the place of an older one`() throws {
    try inFolder { folder in
      let path = folder.appending(path: "out.csv").path
      try AtomicFile.write("old and longer", to: path)
      try AtomicFile.write("new", to: path)
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out.csv"])
    }
  }

  @Test func `a file that is not committed leaves nothing behind`() throws {
    try inFolder { folder in
      do {
        let file = try AtomicFile(path: folder.appending(path: "out.csv").path)
        try file.append("half")
        // Nor when the process is killed now.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }
  }

  @Test func `a folder that is not there and a target that is no file are refused`() throws {
    try inFolder { folder in
      let missing = folder.appending(path: "none/out.csv").path
      #expect(throws: FileError.cannotWrite(path: missing, reason: "No such file or directory")) {
        try AtomicFile.write("x", to: missing)
      }
      #expect(throws: FileError.notAFile(path: folder.path)) { try AtomicFile.write("x", to: folder.path) }
    }
  }

  private func inFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "rtcsim-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }
}
