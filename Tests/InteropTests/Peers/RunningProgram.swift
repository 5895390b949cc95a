import Foundation
import TestSupport

/// A program that a test starts and ends, with a folder of its own and a time limit.
final class RunningProgram {
  struct Result {
    let status: Int32
    let output: String
  }

  /// For its files; removed with it.
  let folder: URL
  private let process = Process()
  private let output = Pipe()
  /// Nothing ever comes on it, and it does not end either.
  private let input = Pipe()
  private var unread = Data()
  /// Tells the thread that kills a program that takes too long to stop waiting.
  private let ended = DispatchSemaphore(value: 0)

  /// Starts a program; what it writes to both of its outputs is kept.
  ///
  /// - Parameters:
  ///   - limit: after so long it is killed, whatever it does.
  ///   - awaitsInput: its input is silent rather than at its end, at which OpenSSL's programs stop.
  ///   - arguments: are told the folder.
  init(
    _ executable: URL, limit: Duration = .seconds(60), environment: [String: String] = [:],
    awaitsInput: Bool = false, arguments: (URL) throws -> [String]
  ) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "interop-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    process.executableURL = executable
    process.arguments = try arguments(folder)
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = awaitsInput ? input as Any : FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let deadline = DispatchTime.now() + .seconds(Int(limit.components.seconds))
    Thread.detachNewThread { [ended, identifier = process.processIdentifier] in
      if ended.wait(timeout: deadline) == .timedOut { kill(identifier, SIGKILL) }
    }
  }

  deinit {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    ended.signal()
    try? FileManager.default.removeItem(at: folder)
  }

  var identifier: pid_t { process.processIdentifier }
  var isRunning: Bool { process.isRunning }

  /// The next line that it writes; nothing when it has ended.
  func readLine() -> String {
    while true {
      if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: unread[..<end], as: UTF8.self)
        unread = Data(unread[unread.index(after: end)...])
        return line
      }
      let more = output.fileHandleForReading.availableData
      guard !more.isEmpty else { return "" }
      unread += more
    }
  }

  /// What follows `words` on the first line to come that begins with them, apart from spaces; `nil` when there is none.
  func readLine(after words: String) -> String? {
    while true {
      let line = readLine()
      let text = line.drop { $0 == " " }
      if text.hasPrefix(words) { return String(text.dropFirst(words.count)) }
      if line.isEmpty, !process.isRunning, unread.isEmpty { return nil }
    }
  }

  /// Sends a signal, if one is named, and waits for the end.
  func finish(_ signal: Int32? = nil) -> Result {
    if let signal { kill(process.processIdentifier, signal) }
    let rest = unread + output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Result(status: process.terminationStatus, output: String(decoding: rest, as: UTF8.self))
  }

  /// The memory that it holds, in KiB (`VmRSS`).
  func residentMemory() throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
  }
}

/// Programs that nobody here wrote; a test without its program is skipped and says so.
enum Installed {
  static let turnserver = find("turnserver")
  static let uclient = find("turnutils_uclient")
  static let turnPeer = find("turnutils_peer")
  static let openssl: URL? = find("openssl")
  static let tshark = find("tshark")
  static let venvPython = Vectors.packageFolder.appending(path: ".build/venv/bin/python3")
  /// The place of a script of `Tests/Python`.
  static func script(_ name: String) -> String {
    Vectors.packageFolder.appending(path: "Tests/Python/\(name)").path
  }

  /// Python with aiortc and websockets.
  static let python = installed("interop").contains("websockets") ? venvPython : nil
  /// Python with selenium and pylibsrtp.
  static let testPython = installed("installed").contains("pylibsrtp") ? venvPython : nil
  static let hasBrowser = find("chromium") != nil && find("chromedriver") != nil && testPython != nil
  /// The descriptions that others made, read in place.
  static let recordings: [URL] = {
    let folder = Vectors.sharedFolder.appending(path: "reference/sdp")
    let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    return (files ?? []).filter { $0.pathExtension == "sdp" }.sorted { $0.path < $1.path }
  }()

  /// The packages that `make` says it has put into `.build/venv`.
  private static func installed(_ list: String) -> String {
    let file = Vectors.packageFolder.appending(path: ".build/venv/\(list)")
    return (try? String(contentsOf: file, encoding: .utf8)) ?? ""
  }

  /// `rtcsim` as it was built with the tests, unless `RTCSIM_PROGRAM` names another one.
  static let rtcsim =
    ProcessInfo.processInfo.environment["RTCSIM_PROGRAM"].map { URL(filePath: $0) }
    ?? URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(path: "rtcsim")

  static var hasCoturn: Bool { turnserver != nil && uclient != nil && turnPeer != nil }

  private static func find(_ name: String) -> URL? {
    ["/usr/bin/", "/usr/local/bin/", "/usr/sbin/"].map { URL(filePath: $0 + name) }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }
}
