import Foundation

/// `rtcsim`, or another program, as a process of its own.
enum Program {
  struct Result: Equatable {
    let status: Int32
    let output: String
    let error: String
  }

  /// `rtcsim` as it was built with the tests.
  static let rtcsim = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    .appending(path: "rtcsim")

  /// Runs an executable and waits for its end.
  static func run(_ arguments: [String], of executable: URL = rtcsim, input: String = "") throws -> Result {
    let (output, error, source) = (Pipe(), Pipe(), Pipe())
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = error
    process.standardInput = source
    try process.run()
    source.fileHandleForWriting.write(Data(input.utf8))
    try source.fileHandleForWriting.close()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let message = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Result(status: process.terminationStatus, output: text, error: message)
  }
}
