import Foundation

/// The files of a page, which were built into the program's resources.
struct BundledFiles: Sendable {
  /// All of them, sorted.
  let names: [String]
  private let folder: URL?

  /// - Parameter folder: Its name among the resources.
  init(_ folder: String) {
    self.folder = Bundle.module.url(forResource: folder, withExtension: nil)
    let files = self.folder.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0.path) } ?? []
    names = files.filter { $0.hasSuffix(".js") || $0.hasSuffix(".css") || $0.hasSuffix(".html") }.sorted()
  }

  /// What is served under a name; `nil` for a name that is none of ours.
  func content(of name: String) -> [UInt8]? {
    guard names.contains(name) else { return nil }
    return folder.flatMap { try? Data(contentsOf: $0.appending(path: name)) }.map { [UInt8]($0) }
  }

  static func type(of name: String) -> String {
    if name.hasSuffix(".css") { return "text/css; charset=utf-8" }
    if name.hasSuffix(".html") { return "text/html; charset=utf-8" }
    return "text/javascript; charset=utf-8"
  }
}
