import Foundation
import Glibc

/// The two output streams of the process.
enum Terminal {
  /// Whether styled text may be written to standard output: it is a terminal, and nobody asked for plain text.
  static let isStyled = isatty(STDOUT_FILENO) == 1 && environment("NO_COLOR") == nil && environment("TERM") != "dumb"

  /// Whether someone watches standard error.
  static let isWatched = isatty(STDERR_FILENO) == 1 && environment("TERM") != "dumb"

  enum Style: String {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
  }

  /// `text` in `style` on a terminal, as it is elsewhere.
  static func styled(_ text: String, _ style: Style) -> String {
    isStyled ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }

  static func write(_ text: String) { write(text, to: STDOUT_FILENO) }

  static func writeError(_ text: String) { write(text, to: STDERR_FILENO) }

  /// Writes all of `text`; when nobody reads any more, as behind `| head`, the process ends without a word.
  private static func write(_ text: String, to file: Int32) {
    var text = text
    text.withUTF8 { bytes in
      var written = 0
      while written < bytes.count {
        let count = Glibc.write(file, bytes.baseAddress! + written, bytes.count - written)
        if count < 0, errno == EINTR || errno == EAGAIN { continue }
        guard count > 0 else { exit(128 + SIGPIPE) }
        written += count
      }
    }
  }

  private static func environment(_ name: String) -> String? {
    let value = ProcessInfo.processInfo.environment[name]
    return value?.isEmpty == true ? nil : value
  }
}
