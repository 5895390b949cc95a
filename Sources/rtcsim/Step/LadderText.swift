import RTCPrimitives
import SimSessions

/// Messages between lanes, drawn with characters.
struct LadderText {
  let lanes: [String]
  /// Columns of one lane.
  private static let width = 15

  func text(of messages: [Message]) -> String {
    var text = margin + lanes.map { Self.centred($0) }.joined() + "\n"
    for message in messages {
      text += time(message) + arrow(message) + "  \(message.number): \(label(message).printable)\n"
    }
    return text
  }

  private let margin = String(repeating: " ", count: 12)

  private func time(_ message: Message) -> String {
    let text = fixed(message.sentAt.milliseconds, 3)
    return String(repeating: " ", count: max(0, 10 - text.count)) + text + "  "
  }

  private func label(_ message: Message) -> String {
    message.title + (message.dropped.map { ": \($0)" } ?? "")
  }

  /// A line from the sender's lane to where the message ended.
  private func arrow(_ message: Message) -> String {
    var line = lanes.indices.flatMap { _ in Array(Self.centred("│")) }
    guard let from = lanes.firstIndex(of: message.sender), let to = lanes.firstIndex(of: message.end.lane) else {
      return String(line)
    }
    let (begin, end) = (column(from), column(to))
    for place in min(begin, end)...max(begin, end) where line[place] == " " { line[place] = "─" }
    line[begin] = "●"
    line[end] = message.dropped != nil ? "✕" : end >= begin ? "▶" : "◀"
    return String(line)
  }

  private func column(_ lane: Int) -> Int { lane * Self.width + Self.width / 2 }

  private static func centred(_ text: String) -> String {
    let text = text.count > width - 1 ? String(text.prefix(width - 1)) : text
    let before = text.count == 1 ? width / 2 : (width - text.count + 1) / 2
    return String(repeating: " ", count: before) + text
      + String(repeating: " ", count: max(0, width - before - text.count))
  }
}
