/// The label of a channel on which a server forwards: that of the sender's own channel, a slash, and the sender's name.
struct ForwardedLabel: Hashable, CustomStringConvertible {
  let label: String
  let sender: String

  init(label: String, sender: String) {
    self.label = label
    self.sender = sender
  }

  /// `nil` for the label of a channel on which its opener sends.
  init?(_ text: String) {
    guard let slash = text.firstIndex(of: "/") else { return nil }
    self.init(label: String(text[..<slash]), sender: String(text[text.index(after: slash)...]))
  }

  var description: String { "\(label)/\(sender)" }
}
