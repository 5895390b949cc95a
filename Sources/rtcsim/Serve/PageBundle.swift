import Foundation
import SimSessions

/// The page with a call in it, as one file that needs no server.
enum PageBundle {
  static func html(_ stored: StoredHistory) -> String {
    var text = ""
    for line in PageFiles.text(of: "index.html").split(separator: "\n", omittingEmptySubsequences: false) {
      text += replacement(for: line.trimmingCharacters(in: .whitespaces), stored) ?? String(line)
      text += "\n"
    }
    return text
  }

  /// What stands in the file instead of a line that loads something.
  private static func replacement(for line: String, _ stored: StoredHistory) -> String? {
    if line.hasPrefix("<link rel=\"stylesheet\" href=\"/page/page.css\"") {
      return "<style>\n\(PageFiles.text(of: "page.css"))</style>"
    }
    if line.hasPrefix("<script src=\"/page/chart.js\"") {
      let chart = PageFiles.content(of: PageFiles.chartFile).map { String(decoding: $0, as: UTF8.self) } ?? ""
      return "<script>\n\(chart.replacing("</script", with: "<\\/script"))\n</script>"
    }
    if line.hasPrefix("<script type=\"importmap\"") {
      // Data must stand before the first module is loaded.
      return "<script type=\"application/json\" id=\"embedded\">\(embedded(stored))</script>\n"
        + "<script type=\"importmap\">\(importMap)</script>"
    }
    return nil
  }

  /// Each module under its name, as an address that carries the text itself.
  private static var importMap: String {
    let modules = PageFiles.names.filter { $0.hasSuffix(".js") }.map { name in
      let text = Data(PageFiles.text(of: name).utf8).base64EncodedString()
      return JSON.Member(name: "rtcsim/\(name)", value: .string("data:text/javascript;base64,\(text)"))
    }
    return JSON.object([JSON.Member(name: "imports", value: .object(modules))]).text(isPretty: false)
  }

  /// The call and those that it is a change of, the original first.
  private static func embedded(_ stored: StoredHistory) -> String {
    let calls = sequence(first: stored) { $0.original }.reversed().map(whole)
    return JSON.array(calls).text(isPretty: false).replacing("</", with: "<\\/")
  }

  private static func whole(_ stored: StoredHistory) -> JSON {
    [
      "history": stored.json, "moments": .array(stored.history.moments.indices.map(stored.momentJSON)),
      "messages": .array(stored.history.messages.indices.map(stored.messageJSON)),
      "texts": .array(stored.texts.indices.map(stored.textJSON)),
    ]
  }
}
