import Foundation

/// The files of the page of `rtcsim serve`.
enum PageFiles {
  private static let files = BundledFiles("Page")

  /// What is served under a name; `nil` for a name that is none of ours.
  static func content(of name: String) -> [UInt8]? { name == chartFile ? chart : files.content(of: name) }

  /// All our files, sorted.
  static var names: [String] { files.names }

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
