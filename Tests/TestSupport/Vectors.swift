import Foundation
import Synchronization

/// Conformance data: copies in `Tests/Vectors`, and data of public test suites that is read in place.
public enum Vectors {
  /// The bytes of `Tests/Vectors/<path>`.
  public static func data(_ path: String) throws -> Data {
    try Data(contentsOf: testsFolder.appending(path: "Vectors").appending(path: path))
  }

  /// Decodes `Tests/Vectors/<path>`.
  public static func decode<T: Decodable>(_ type: T.Type, from path: String) throws -> T {
    try JSONDecoder().decode(type, from: data(path))
  }

  /// Decodes a file that was read already.
  public static func decode<T: Decodable>(_ type: T.Type, from data: Data) throws -> T {
    try JSONDecoder().decode(type, from: data)
  }

  /// `$RTCSIM_SHARED/vectors-public/<path>`, by default beside the checkout; `nil` when it is not there.
  public static func publicData(_ path: String) -> Data? {
    try? Data(contentsOf: sharedFolder.appending(path: "vectors-public").appending(path: path))
  }

  /// Whether the data of public test suites is there; tests that need it are skipped otherwise.
  public static var hasPublicData: Bool {
    FileManager.default.fileExists(atPath: sharedFolder.appending(path: "vectors-public").path)
  }

  /// `$RTCSIM_SHARED`, by default `../shared` beside the checkout.
  public static var sharedFolder: URL {
    if let path = ProcessInfo.processInfo.environment["RTCSIM_SHARED"] { return URL(filePath: path) }
    return packageFolder.deletingLastPathComponent().appending(path: "shared")
  }

  /// The folder of `Package.swift`.
  public static var packageFolder: URL { testsFolder.deletingLastPathComponent() }

  private static var testsFolder: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  }
}

extension Vectors {
  /// Notes that a case of a file has run, under a name that is its own in this file.
  ///
  /// When the process ends the numbers are printed, and written to `.build/vectors.txt`: they come from what ran.
  public static func ran(_ id: some CustomStringConvertible, of path: String) {
    log.note { _ = $0.ran[path, default: []].insert("\(id)") }
  }

  /// Notes that all cases of a list have run.
  public static func ran(_ list: String, count: Int, of path: String) {
    for index in 0..<count { ran("\(list)/\(index)", of: path) }
  }

  /// Says how many cases a file has, and which of them are left out and why.
  public static func expect(_ count: Int, of path: String, skipped: [String: Int]) {
    log.note { $0.expected[path] = VectorLog.Expected(count: count, skipped: skipped) }
  }

  private static let log = VectorLog()
}

/// Which cases of the vectors ran in this process.
private final class VectorLog: Sendable {
  struct Expected {
    let count: Int
    let skipped: [String: Int]
  }

  struct Book {
    var ran: [String: Set<String>] = [:]
    var expected: [String: Expected] = [:]

    var lines: [String] {
      Set(ran.keys).union(expected.keys).sorted().map { path in
        let count = ran[path]?.count ?? 0
        guard let expected = expected[path] else { return "vectors \(path): \(count) ran" }
        let skipped = expected.skipped.sorted { $0.key < $1.key }.map { "\($0.value) skipped: \($0.key)" }
        let missing = expected.count - count - expected.skipped.values.reduce(0, +)
        let rest = missing == 0 ? [] : ["\(missing) neither ran nor are skipped"]
        return "vectors \(path): " + (["\(count) of \(expected.count) ran"] + skipped + rest).joined(separator: ", ")
      }
    }
  }

  private let book = Mutex(Book())

  init() { atexit { Vectors.report() } }

  func note(_ change: (inout sending Book) -> Void) { book.withLock { change(&$0) } }

  var lines: [String] { book.withLock { $0.lines } }
}

extension Vectors {
  fileprivate static func report() {
    let text = log.lines.map { "\($0)\n" }.joined()
    print(text, terminator: "")
    try? Data(text.utf8).write(to: packageFolder.appending(path: ".build/vectors.txt"))
  }
}
