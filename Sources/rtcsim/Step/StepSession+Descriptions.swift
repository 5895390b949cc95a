import RTCSession
import RTCWire
import SimNodes
import SimSessions

/// Session descriptions, with what each line means and what has changed.
extension StepSession {
  func descriptions(_ words: [String]) throws -> String {
    var request = try DescriptionRequest(words)
    if request.end == nil { request.end = history.ends.firstIndex(of: moment.lane) ?? 0 }
    let end = moment.ends[request.end ?? 0]
    let slots = end.slots.filter { request.type == nil || $0.description.type == request.type }
    guard let slot = slots.first else {
      let what = request.type.map { "no \($0)" } ?? "no description"
      return "\(end.node) has \(what) at this moment; until setLocalDescription goes to where the next is set\n"
    }
    let title = "\(end.node): \(slot.name), \(slot.description.type)\n"
    guard request.showsDifference else { return title + Self.table(of: slot.description.description.lines) }
    guard let previous = previous(slot, of: request.end ?? 0) else {
      return title + "there is no earlier one of the same side to compare with\n"
    }
    return title + Self.difference(from: previous.description.lines, to: slot.description.description.lines)
  }

  /// The last other description of the same side before this moment.
  private func previous(_ slot: EndSnapshot.Slot, of end: Int) -> DescriptionSnapshot? {
    for earlier in history.moments[..<position].reversed() {
      for candidate in earlier.ends[end].slots
      where candidate.isLocal == slot.isLocal && candidate.description != slot.description {
        return candidate.description
      }
    }
    return nil
  }

  private static func table(of lines: [String]) -> String {
    var table = Table([.right("line"), .left("text"), .left("meaning")])
    for (index, line) in lines.enumerated() {
      table.append(["\(index + 1)", Self.clipped(line), Inspector.meaning(ofLine: line)])
    }
    return table.text()
  }

  private static func difference(from old: [String], to new: [String]) -> String {
    var table = Table([.left(""), .left("text"), .left("meaning")])
    for change in LineDifference.lines(from: old, to: new) where change.mark != .same {
      table.append([change.mark.rawValue, Self.clipped(change.text), Inspector.meaning(ofLine: change.text)])
    }
    return table.text()
  }

  private static func clipped(_ line: String) -> String {
    (line.count > 72 ? line.prefix(71) + "…" : line).description.printable
  }
}

/// What `sdp` is asked for.
private struct DescriptionRequest {
  var end: Int?
  var type: String?
  var showsDifference = false

  init(_ words: [String]) throws {
    for word in words {
      switch word {
      case "a": end = 0
      case "b": end = 1
      case "offer", "answer": type = word
      case "--diff": showsDifference = true
      default: throw StepError.usage("sdp [a|b] [offer|answer] [--diff]", found: word)
      }
    }
  }
}

extension EndSnapshot {
  /// One of the four places of a description.
  struct Slot {
    let name: String
    let isLocal: Bool
    let description: DescriptionSnapshot
  }

  /// Those that are filled, the pending ones and our own first.
  var slots: [Slot] {
    guard let connection = connections.last else { return [] }
    let all: [(String, Bool, DescriptionSnapshot?)] = [
      ("pendingLocalDescription", true, connection.pendingLocal),
      ("pendingRemoteDescription", false, connection.pendingRemote),
      ("currentLocalDescription", true, connection.currentLocal),
      ("currentRemoteDescription", false, connection.currentRemote),
    ]
    return all.compactMap { name, isLocal, description in
      description.map { Slot(name: name, isLocal: isLocal, description: $0) }
    }
  }
}

extension SessionDescription {
  /// The text, line by line.
  var lines: [String] { description.split(whereSeparator: \.isNewline).map(String.init) }
}

/// What has to be taken away and added to make one text of another.
enum LineDifference {
  enum Mark: String {
    case same = " "
    case removed = "−"
    case added = "+"
  }

  static func lines(from old: [String], to new: [String]) -> [(mark: Mark, text: String)] {
    let changes = new.difference(from: old)
    var removed: Set<Int> = []
    var added: Set<Int> = []
    for change in changes {
      switch change {
      case .remove(let offset, _, _): removed.insert(offset)
      case .insert(let offset, _, _): added.insert(offset)
      }
    }
    var result: [(mark: Mark, text: String)] = []
    var (left, right) = (0, 0)
    while left < old.count || right < new.count {
      if left < old.count, removed.contains(left) {
        result.append((.removed, old[left]))
        left += 1
      } else if right < new.count, added.contains(right) {
        result.append((.added, new[right]))
        right += 1
      } else {
        result.append((.same, new[right]))
        (left, right) = (left + 1, right + 1)
      }
    }
    return result
  }
}
