import Foundation

/// The files of the page, which were built into the program's resources.
enum PageFiles {
  /// What is served under a name; `nil` for a name that is none of ours.
  static func content(of name: String) -> [UInt8]? {
    if name == chartFile { return chart }
    guard names.contains(name) else { return nil }
    return Bundle.module.url(forResource: "Page", withExtension: nil)
      .flatMap { try? Data(contentsOf: $0.appending(path: name)) }.map { [UInt8]($0) }
  }

  /// All our files, sorted.
  static let names: [String] = {
    let folder = Bundle.module.url(forResource: "Page", withExtension: nil)
    let files = folder.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0.path) } ?? []
    return files.filter { $0.hasSuffix(".js") || $0.hasSuffix(".css") || $0.hasSuffix(".html") }.sorted()
  }()

  static func type(of name: String) -> String {
    if name.hasSuffix(".css") { return "text/css; charset=utf-8" }
    if name.hasSuffix(".html") { return "text/html; charset=utf-8" }
    return "text/javascript; charset=utf-8"
  }

  /// The text of a file of ours.
  ///
  /// - Precondition: there is such a file.
  static func text(of name: String) -> String {
    guard let content = content(of: name) else { preconditionFailure("the page has no file \(name)") }
    return String(decoding: content, as: UTF8.self)
  }

  static let chartFile = "chart.js"

  /// Chart.js from Debian's package; without it the page leaves out its charts.
  private static let chart: [UInt8]? = {
    let folder = "/usr/share/javascript/chart.js"
    return ["chart.min.js", "chart.umd.js"].lazy
      .compactMap { FileManager.default.contents(atPath: "\(folder)/\($0)") }.first.map { [UInt8]($0) }
  }()
}
