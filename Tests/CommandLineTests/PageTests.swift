import Foundation
import TestSupport
import Testing

/// Whether `make deps-test` could install a browser and what drives it.
private let hasBrowser =
  ["/usr/bin/chromium", "/usr/bin/chromedriver", Vectors.packageFolder.path + "/.build/venv/installed"]
  .allSatisfy { FileManager.default.fileExists(atPath: $0) }

/// The page in a real browser.
@Suite(.enabled(if: hasBrowser, "make deps-test installs chromium, chromium-driver and selenium"))
struct PageTests {
  private static let python = Vectors.packageFolder.appending(path: ".build/venv/bin/python3")
  private static let script = Vectors.packageFolder.appending(path: "Tests/Python/drive_page.py")

  /// Serves until `body` has ended.
  private func withServer(_ body: (String) throws -> Void) throws {
    let (process, output) = (Process(), Pipe())
    process.executableURL = Program.rtcsim
    process.arguments = ["serve", "two-peers", "--listen", "127.0.0.1:0"]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    // A child of the tests inherits that SIGTERM is blocked.
    defer { kill(process.processIdentifier, SIGKILL) }
    let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    let address = try #require(line.split(separator: " ").last).trimmingCharacters(in: .newlines)
    try #require(address.hasPrefix("http://127.0.0.1:"))
    try body(address)
  }

  @Test(.timeLimit(.minutes(3)))
  func
    `thirty steps forward and back, a decoded packet and a what-if, by keyboard, at both widths and in both schemes`()
    throws
  {
    // The screenshots stay there to be looked at.
    let folder = FileManager.default.temporaryDirectory.appending(path: "rtcsim-page")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let exported = folder.appending(path: "call.html")
    let commands = "until ClientHello\nwhat-if drop-next\nexport \(exported.path)\n"
    let step = try Program.run(["step", "two-peers"], input: commands)
    #expect(step.status == 0, "\(step.error)")
    try withServer { address in
      let result = try Program.run([Self.script.path, address, folder.path, exported.path], of: Self.python)
      #expect(result.status == 0, "\(result.error)")
      #expect(result.output.contains("DTLS connected at both ends"), "\(result.output)")
    }
    for name in ["page-1280-light", "page-390-dark", "ladder-390-dark", "difference-1280-light", "exported"] {
      let picture = try Data(contentsOf: folder.appending(path: "\(name).png"))
      #expect(picture.count > 10_000, "\(name)")
    }
  }
}
