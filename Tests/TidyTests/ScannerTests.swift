import Testing

/// The scanner itself can fail: bad snippets are found, good ones are not.
struct ScannerTests {
  private let scanner = Scanner()

  private func messages(_ source: String, at path: String = "Sources/SimNodes/Nodes/Example.swift") -> [String] {
    scanner.violations(in: source, at: path).map { "\($0.line): \($0.message.prefix { $0 != "," })" }
  }

  @Test(arguments: [
    ("Task { work() }", "Task { } is banned"),
    ("let task = Task<Void, Never> {\n}", "Task { } is banned"),
    ("Task\n{\n}", "Task { } is banned"),
    ("Task(priority: .high) { }", "Task without an executor is banned"),
    ("Task.detached { }", "Task.detached is banned"),
    ("Task.immediate { }", "Task.detached is banned"),
    ("try await Task.sleep(for: .seconds(1))", "Task.sleep is banned"),
    ("let now = Date()", "Date() is banned"),
    ("let now = Date.now.addingTimeInterval(1)", "Date() is banned"),
    ("let now = Foundation.Date()", "Date() is banned"),
    ("let clock = ContinuousClock()", "ContinuousClock is banned"),
    ("let clock: SuspendingClock", "SuspendingClock is banned"),
    ("var dice = SystemRandomNumberGenerator()", "SystemRandomNumberGenerator is banned"),
    ("let port = UInt16.random(in: 1...9)", ".random without using: is banned"),
    ("let coin = Bool.random()", ".random without using: is banned"),
    ("list.shuffled()", ".shuffled or .randomElement without using: is banned"),
    ("list.randomElement()", ".shuffled or .randomElement without using: is banned"),
    ("let id = UUID()", "UUID() is banned"),
    ("DispatchQueue.main.async { }", "DispatchQueue is banned"),
    ("for key in table.keys { }", "iterating .keys or .values is banned"),
    ("for (index, value) in table.values.enumerated() { }", "iterating .keys or .values is banned"),
    ("let names = table.keys.map(\\.name)", "iterating .keys or .values is banned"),
    ("let names = Array(table.keys)", "an array of .keys or .values is banned"),
    ("let names = [String](self.table.keys)", "an array of .keys or .values is banned"),
    ("let value = try! decode()", "try! is banned"),
    ("final class Box: @unchecked Sendable {}", "@unchecked Sendable is banned"),
  ])
  func `each ban finds its snippet`(snippet: String, message: String) {
    let found = messages("\n\(snippet)\n")
    #expect(found.contains("2: \(message)"), "\(found)")
  }

  @Test(arguments: [
    "Task(executorPreference: executor) { work() }",
    "let task: Task<Void, Never>?",
    "let port = UInt16.random(\n  in: range(),\n  using: &dice)",
    "for key in table.keys.sorted() { }",
    "let names = table.keys.sorted().map(\\.name)",
    "let list = names.shuffled(using: &dice)",
    "let date = Date(timeIntervalSince1970: 0)",
    "let id = UUID(uuid: bytes)",
    "struct BackgroundTask { }",
    "let names = table.keys.contains(name)",
  ])
  func `what is handed its dice and its order is allowed`(snippet: String) { #expect(messages(snippet) == []) }

  @Test func `comments and string literals do not count`() {
    let source = #"""
      // Task { } and Date()
      /* UUID() /* nested try! */ DispatchQueue */
      let a = "Task { } \"Date()\" try!"
      let b = #"UUID() " \n try!"#
      let c = """
        DispatchQueue " Date()
        """
      @Test func `Date() is read`() {}
      let d = "x" // try! "
      """#
    #expect(messages(source) == [])
  }

  @Test func `code after a literal and inside an interpolation counts`() {
    let source = #"""
      let a = "\(UUID()) text" + "\("\(try! b())")"
      let c = "a\\"; let d = Date()
      /* one */ let e = DispatchQueue.main
      """#
    #expect(
      messages(source) == [
        "1: UUID() is banned", "1: try! is banned", "2: Date() is banned", "3: DispatchQueue is banned",
      ])
  }

  @Test func `iterating a dictionary or a set of the same file is found`() {
    let source = """
      var table: [String: [Int]] = [:]
      let seen: Set<Int> = []
      var list: [Int] = []
      func walk() {
        for (key, value) in table { }
        for item in self.seen where item > 1 { }
        for item in list { }
        for item in seen.sorted() { }
      }
      """
    #expect(
      messages(source) == ["5: iterating table", "6: iterating seen"])
  }

  @Test func `the drivers may read clocks but not start loose tasks`() {
    let source = "let now = ContinuousClock().now\nlet id = UUID()\nTask { }\n"
    #expect(messages(source, at: "Sources/rtcsim/Example.swift") == ["3: Task { } is banned"])
  }

  @Test(arguments: [
    ("var dice = SeededGenerator(seed: 1, stream: name)", "SeededGenerator is banned"),
    ("let entropy = EntropySource(generator)", "an EntropySource of one's own is banned"),
    ("let host = CryptoHost(libraryContext: nil, seed: 0)", "a CryptoHost of one's own is banned"),
    ("let stack = SCTPStack(host: host, name: \"a\")", "an SCTPHost of one's own is banned"),
    ("let provider = try CryptoProvider(host: host)", "a host that is not the system is banned"),
    ("settings.handshake = .modelledDTLS13(sizes)", "what is modelled is banned"),
    ("settings.fidelity = .model", "what is modelled is banned"),
  ])
  func `nothing that can be foreseen talks to real peers`(snippet: String, message: String) {
    #expect(messages(snippet, at: "Sources/RTCSockets/Example.swift") == ["1: \(message)"])
    #expect(messages(snippet, at: "Sources/SimNodes/Example.swift") == [])
  }

  @Test func `the system's randomness talks to real peers`() {
    let source = "EntropySource(SystemRandomNumberGenerator())\nCryptoProvider(host: .system)\n"
    #expect(messages(source, at: "Sources/RTCSockets/Example.swift") == [])
  }

  @Test func `only the executor and the port of the kernel may be unchecked`() {
    let source = "final class Some: @unchecked Sendable {}\n"
    #expect(messages(source, at: "Sources/SimKernel/Simulation.swift") == [])
    #expect(messages(source, at: "Sources/SimKernel/NodePort.swift") == [])
    #expect(messages(source, at: "Sources/SimKernel/EventQueue.swift") == ["1: @unchecked Sendable is banned"])
    #expect(messages(source, at: "Sources/SimNodes/NodePort.swift") == ["1: @unchecked Sendable is banned"])
  }

  @Test(arguments: [
    ("import Foundation", "RTCWire"), ("public import struct Foundation.Data", "RTCSession"),
    ("@preconcurrency import Dispatch", "RTCMedia"), ("import SimKernel", "RTCSession"),
    ("import RTCSockets", "SimNodes"), ("import SimKernel", "RTCSockets"), ("import RTCTransport", "RTCMedia"),
    ("import RTCSession", "SimNetwork"), ("import SimSessions", "SimNodes"),
    ("import COpenSSL", "RTCWire"), ("package import RTCWire", "RTCPrimitives"), ("import RTCPrimitives", "Unknown"),
  ])
  func `an import that is not downward is found`(source: String, target: String) {
    #expect(messages(source, at: "Sources/\(target)/Example.swift").count == 1)
  }

  @Test(arguments: [
    ("import RTCPrimitives", "RTCWire"), ("public import RTCWire", "RTCTransport"),
    ("import Foundation", "SimSessions"),
    ("import COpenSSL", "RTCTransport"), ("import SimSessions", "rtcsim"), ("let importance = important", "RTCWire"),
  ])
  func `a downward import is allowed`(source: String, target: String) {
    #expect(messages(source, at: "Sources/\(target)/Example.swift") == [])
  }

  @Test func `a file of 600 lines is allowed and one of 601 is not`() {
    #expect(messages(String(repeating: "\n", count: 600)) == [])
    #expect(messages(String(repeating: "\n", count: 601)) == ["601: a file of more than 600 lines is banned"])
  }
}
