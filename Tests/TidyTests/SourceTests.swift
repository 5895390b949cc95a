import Foundation
import TestSupport
import Testing

/// The rules of the house, held against this very checkout.
struct SourceTests {
  @Test func `sources keep to the ban list, the import table and the size limit`() throws {
    let scanner = Scanner()
    let files = try swiftFiles(under: "Sources")
    #expect(files.count >= 20, "the scan must find the sources")
    var violations: [Violation] = []
    for path in files { violations += scanner.violations(in: try read(path), at: path) }
    for path in try swiftFiles(under: "Tests") { violations += scanner.excess(in: try read(path), at: path) }
    for violation in violations { print(violation) }
    #expect(violations.isEmpty, "\(violations.map(\.description).joined(separator: "\n"))")
  }

  @Test func `every Swift file is formatted`() throws {
    let (status, report) = try lint(["Package.swift", "Sources", "Tests"])
    #expect(status == 0, "run swift format -i -r Package.swift Sources Tests\n\(report)")
  }

  @Test func `the format check finds a file that is not formatted`() throws {
    let file = FileManager.default.temporaryDirectory.appending(
      path: "tidy-\(ProcessInfo.processInfo.processIdentifier).swift")
    try Data("let  unformatted=1 ;\n".utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let (status, report) = try lint([file.path])
    #expect(status != 0)
    #expect(report.contains("Spacing"), "\(report)")
  }

  private func read(_ path: String) throws -> String {
    try String(contentsOf: Vectors.packageFolder.appending(path: path), encoding: .utf8)
  }

  private func swiftFiles(under folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: Vectors.packageFolder.appending(path: folder).path)
      .filter { $0.hasSuffix(".swift") }.map { "\(folder)/\($0)" }.sorted()
  }

  private func lint(_ paths: [String]) throws -> (status: Int32, report: String) {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["swift", "format", "lint", "--strict", "--parallel", "--recursive"] + paths
    process.currentDirectoryURL = Vectors.packageFolder
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let report = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: report, as: UTF8.self))
  }
}
