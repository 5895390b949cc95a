import Foundation
import RTCPrimitives
import RTCSession
import RTCWire
import SimNodes
import SimSessions

/// Histories as the page reads them; times are virtual milliseconds.
extension StoredHistory {
  /// Everything but snapshots and bytes.
  var json: JSON {
    let scenario = history.scenario
    let diagnosis = Diagnosis(history)
    return [
      "id": .string(id), "scenario": .string(scenario.name), "summary": .string(scenario.summary),
      "notes": .array(history.notes.map(JSON.string)), "seed": JSON(scenario.seed),
      "whatIf": .array(history.whatIfs.map(\.json)), "durationMs": JSON(history.duration.milliseconds, decimals: 3),
      "traceHash": .string(history.traceHash),
      "lanes": .array(history.lanes.map { ["name": .string($0.name), "kind": .string($0.kind.rawValue)] }),
      "ends": .array(history.ends.map(JSON.string)), "moments": .array(history.moments.map(\.json)),
      "messages": .array(history.messages.map(\.json)), "descriptions": descriptions, "series": series,
      "outcome": [
        "isConnected": .boolean(diagnosis.isConnected), "sentences": .array(diagnosis.sentences.map(JSON.string)),
      ],
      "isCut": .boolean(history.isCut), "fork": fork, "difference": difference,
      "actions": .array(WhatIfActions.all.filter { history.reasonAgainst($0) == nil }.map { $0.json(in: history) }),
    ]
  }

  /// Both ends at a moment.
  func momentJSON(_ number: Int) -> JSON {
    ["number": JSON(number), "ends": .array(history.moments[number].ends.map { json(encoding: $0) })]
  }

  /// A message, decoded.
  func messageJSON(_ number: Int) -> JSON {
    let message = history.messages[number]
    let inspection = MessageDecoder.inspection(of: message)
    let isText = message.kind == .signaling
    let content = MessageDecoder.content(of: message)
    // What is encrypted has no place among the bytes on the wire.
    let hidden = (content?.fields ?? []).map { Inspection.Field(nil, $0.name, $0.value, $0.meaning) }
    var fields = ((inspection?.fields ?? []) + hidden).map(\.json)
    if isText, message.description == nil {
      let text = String(decoding: message.bytes, as: UTF8.self)
      fields = [["offset": nil, "length": nil, "name": "message", "value": .string(text), "meaning": ""]]
    }
    return [
      "number": JSON(number), "title": .string(content?.title ?? inspection?.title ?? message.title),
      "bytes": isText ? nil : .string(message.bytes.hexadecimal), "fields": .array(fields),
      "path": .array(message.path.map(\.json)),
      "text": message.description.flatMap { self.number(ofText: $0.description) }.map { JSON($0) } ?? nil,
    ]
  }

  /// A description, line by line.
  func textJSON(_ number: Int) -> JSON {
    let lines = texts[number].lines.map { line -> JSON in
      ["text": .string(line), "meaning": .string(Inspector.meaning(ofLine: line))]
    }
    return ["number": JSON(number), "lines": .array(lines)]
  }

  /// Each description with the moment at which it appears first in one place.
  private var descriptions: JSON {
    .array(
      appearances.map {
        [
          "node": .string($0.node), "side": .string($0.isLocal ? "local" : "remote"), "type": .string($0.type),
          "text": JSON($0.text), "moment": JSON($0.moment),
        ]
      })
  }

  private var series: JSON {
    [
      "timeMs": .array(history.series.times.map { JSON($0, decimals: 0) }),
      "lines": .array(
        history.series.lines(of: history.ends).map { line in
          [
            "name": .string(line.name), "unit": .string(line.unit),
            "values": .array(line.values.map { JSON($0, decimals: 2) }),
          ]
        }),
    ]
  }

  private var fork: JSON {
    guard let original, let change = history.whatIfs.last else { return nil }
    let sentence = "At moment \(change.moment), \(history.fault ?? change.action)."
    return ["of": .string(original.id), "moment": JSON(change.moment), "sentence": .string(sentence)]
  }

  private var difference: JSON {
    guard let original else { return nil }
    let difference = HistoryDifference(original.history, history)
    return [
      "sentence": .string(difference.sentence), "firstOriginal": difference.firstOriginal.map { JSON($0) } ?? nil,
      "firstFork": difference.firstFork.map { JSON($0) } ?? nil,
      "rows": .array(
        difference.rows.map { row in
          [
            "lane": .string(row.lane), "title": .string(row.title), "detail": .string(row.detail),
            "originalMs": JSON(row.original?.time.milliseconds, decimals: 6),
            "forkMs": JSON(row.fork?.time.milliseconds, decimals: 6),
            "original": row.original.map { JSON($0.number) } ?? nil, "fork": row.fork.map { JSON($0.number) } ?? nil,
          ]
        }),
    ]
  }

  /// A snapshot, with the numbers of its descriptions instead of their text.
  private func json(encoding snapshot: EndSnapshot) -> JSON {
    guard let data = try? JSONEncoder().encode(snapshot), let tree = try? JSONSerialization.jsonObject(with: data)
    else {
      preconditionFailure("a snapshot can be written as JSON")
    }
    return JSON(tree: tree) { object in
      guard let sdp = object["sdp"] as? String, let number = number(ofText: sdp) else { return nil }
      return ["type": JSON(object["type"] as? String), "text": JSON(number)]
    }
  }
}

extension JSON {
  /// What `JSONSerialization` has read; `replace` may give something else for an object.
  fileprivate init(tree: Any, replacing replace: ([String: Any]) -> JSON?) {
    switch tree {
    case let object as [String: Any]:
      self =
        replace(object)
        ?? .object(
          object.sorted { $0.key < $1.key }.map {
            Member(name: $0.key, value: JSON(tree: $0.value, replacing: replace))
          })
    case let list as [Any]: self = .array(list.map { JSON(tree: $0, replacing: replace) })
    case let text as String: self = .string(text)
    case let number as NSNumber:
      self = String(cString: number.objCType) == "c" ? .boolean(number.boolValue) : .number(number.doubleValue)
    default: self = .null
    }
  }
}

extension WhatIf {
  fileprivate var json: JSON {
    [
      "moment": JSON(moment), "action": .string(action), "target": JSON(target), "argument": JSON(argument),
    ]
  }
}

extension WhatIfAction {
  fileprivate func json(in history: History) -> JSON {
    let choice: JSON =
      switch argument {
      case .nothing: nil
      case .duration(let usual):
        ["name": "time", "kind": "duration", "default": .string(usual.quantity), "choices": nil]
      case .choice(let names):
        [
          "name": "behavior", "kind": "choice", "default": .string(names[0]), "choices": .array(names.map(JSON.string)),
        ]
      }
    return [
      "name": .string(name), "summary": .string(summary),
      "targets": .array(WhatIf.targets(of: self, in: history).map(JSON.string)), "argument": choice,
    ]
  }
}

extension Moment {
  fileprivate var json: JSON {
    let explanation = milestone.explanation
    return [
      "number": JSON(number), "timeMs": JSON(time.milliseconds, decimals: 6), "lane": .string(lane),
      "to": JSON(milestone.receiver), "title": .string(title), "detail": .string(milestone.detail.printable),
      "phase": .string(milestone.kind.phase.rawValue), "first": .string(explanation.first),
      "engineer": .string(explanation.engineer), "rfc": .string(milestone.rfc), "url": JSON(milestone.url),
      "message": message.map { JSON($0) } ?? nil,
    ]
  }
}

extension Milestone {
  /// Where its section can be read.
  var url: String? {
    let words = rfc.split(separator: " ")
    guard words.count >= 2 else { return nil }
    let section = words.first { $0.hasPrefix("§") }.map { $0.dropFirst() }
    switch (words[0], words[1]) {
    case ("RFC", let number):
      return "https://www.rfc-editor.org/rfc/rfc\(number)" + (section.map { "#section-\($0)" } ?? "")
    case ("W3C", "webrtc-pc"): return "https://www.w3.org/TR/webrtc/"
    case ("W3C", let name): return "https://www.w3.org/TR/\(name)/"
    default: return nil
    }
  }
}

extension Message {
  fileprivate var json: JSON {
    let hops = path.dropFirst().dropLast(path.count > 1 ? 1 : 0)
    return [
      "number": JSON(number), "protocol": .string(kind.rawValue), "title": .string(title), "from": .string(sender),
      "to": .string(end.lane), "sentMs": JSON(sentAt.milliseconds, decimals: 6),
      "arrivedMs": isDelivered ? JSON(end.time.milliseconds, decimals: 6) : nil,
      "dropped": dropped.map {
        ["lane": .string(end.lane), "reason": .string($0), "ms": JSON(end.time.milliseconds, decimals: 6)]
      } ?? nil,
      "hops": .array(hops.map { ["lane": .string($0.lane), "ms": JSON($0.time.milliseconds, decimals: 6)] }),
      "size": JSON(size), "moment": moment.map { JSON($0) } ?? nil,
    ]
  }
}

extension Message.Stop {
  fileprivate var json: JSON {
    [
      "lane": .string(lane), "ms": JSON(time.milliseconds, decimals: 6), "source": JSON(source?.description),
      "destination": JSON(destination?.description),
    ]
  }
}

extension Inspection.Field {
  fileprivate var json: JSON {
    [
      "offset": range.map { JSON($0.lowerBound) } ?? nil, "length": range.map { JSON($0.count) } ?? nil,
      "name": .string(name), "value": .string(value.printable), "meaning": .string(meaning),
    ]
  }
}
