import RTCMedia
import RTCTransport
import SimNodes

extension CostFile {
  /// The fields of one figure: what is paid once, and what for each pixel, byte or input.
  private struct Unit {
    let once: String
    var each: String?

    static let picture = Unit(once: "nanosecondsPerFrame", each: "nanosecondsPerPixel")
    static let frame = Unit(once: "nanosecondsPerFrame")
    static let mix = Unit(once: "nanosecondsPerFrame", each: "nanosecondsPerInput")
    static let packet = Unit(once: "nanosecondsPerPacket", each: "nanosecondsPerByte")
    static let header = Unit(once: "nanosecondsPerPacket")
    static let handshake = Unit(once: "nanosecondsPerHandshake")
    static let check = Unit(once: "nanosecondsPerCheck")

    var fields: [String] { [once] + (each.map { [$0] } ?? []) }

    func read(_ reader: FieldReader) throws(ScenarioError) -> LinearCost {
      let fields = try reader.object(fields)
      var cost = LinearCost()
      cost.fixedNanoseconds = Int64(try Self.number(once, fields).rounded())
      if let each { cost.picosecondsEach = Int64((try Self.number(each, fields) * 1000).rounded()) }
      return cost
    }

    private static func number(_ name: String, _ fields: ObjectReader) throws(ScenarioError) -> Double {
      let allowed = "nanoseconds from 0 to 1000000000000"
      return try fields.required(name, allowed).number(in: 0...1e12, allowed)
    }

    func text(_ cost: LinearCost) -> String {
      let each = each.map { ", \($0): \(Self.thousandths(cost.picosecondsEach))" } ?? ""
      return "{ \(once): \(cost.fixedNanoseconds)\(each) }"
    }

    private static func thousandths(_ count: Int64) -> String {
      let fraction = String(1000 + count % 1000).dropFirst()
      return "\(count / 1000).\(fraction)"
    }
  }

  /// Figures that do not depend on a codec or profile.
  private static var single: [(name: String, unit: Unit, path: WritableKeyPath<CostFile, LinearCost>)] {
    [
      ("networkSend", .packet, \.networkSend), ("networkReceive", .packet, \.networkReceive),
      ("forward", .header, \.forward), ("audioMix", .mix, \.audioMix), ("videoCompose", .picture, \.videoCompose),
      ("videoScale", .picture, \.videoScale), ("dtlsHandshake", .handshake, \.dtlsHandshake),
      ("iceCheck", .check, \.iceCheck),
    ]
  }

  /// Figures for each of several codecs or profiles.
  private static var named:
    [(name: String, unit: Unit, path: WritableKeyPath<CostFile, [String: LinearCost]>, known: [String])]
  {
    let video = Codecs.video.map(\.name)
    let audio = Codecs.audio.map(\.name)
    let profiles = SRTPProfile.allCases.map(\.scenarioName)
    return [
      ("videoEncode", .picture, \.videoEncode, video), ("videoDecode", .picture, \.videoDecode, video),
      ("audioEncode", .frame, \.audioEncode, audio), ("audioDecode", .frame, \.audioDecode, audio),
      ("srtpProtect", .packet, \.srtpProtect, profiles), ("srtpUnprotect", .packet, \.srtpUnprotect, profiles),
    ]
  }

  init(text: String, file: String, name: String) throws(ScenarioError) {
    let fields = try FieldReader(text: text, file: file).object(
      ["machine", "source"] + Self.named.map(\.name) + Self.single.map(\.name))
    self.init(
      name: name, machine: try fields.required("machine", "a text").text(),
      source: try fields.required("source", "a text").text())
    for (name, unit, path, known) in Self.named {
      let table = try fields.required(name, "an object with \(known.joined(separator: ", "))").object(known)
      for key in known {
        guard let reader = table[key] else { continue }
        self[keyPath: path][key] = try unit.read(reader)
      }
    }
    for (name, unit, path) in Self.single {
      let allowed = "an object with \(unit.fields.joined(separator: ", "))"
      self[keyPath: path] = try unit.read(fields.required(name, allowed))
    }
  }

  /// The text of the file, to be read again.
  public var text: String {
    var lines = [
      "// What work costs on one core of one machine; written by `rtcsim bench --costs`.",
      "// Each figure has a part that is paid once and mostly a part for each pixel, byte or input.", "{",
      "  machine: \(Self.quoted(machine)),", "  source: \(Self.quoted(source)),",
    ]
    for (name, unit, path, known) in Self.named {
      let costs = known.compactMap { key in self[keyPath: path][key].map { "    \(key): \(unit.text($0))," } }
      lines += ["  \(name): {"] + costs + ["  },"]
    }
    lines += Self.single.map { name, unit, path in "  \(name): \(unit.text(self[keyPath: path]))," }
    return lines.joined(separator: "\n") + "\n}\n"
  }

  /// Every figure with its path, in a fixed order.
  var figures: [(path: String, text: String)] {
    let named = Self.named.flatMap { name, unit, path, known in
      known.compactMap { key in self[keyPath: path][key].map { ("\(name).\(key)", unit.text($0)) } }
    }
    return named + Self.single.map { name, unit, path in (name, unit.text(self[keyPath: path])) }
  }

  private static func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar in
      switch scalar {
      case "\"", "\\": "\\\(scalar)"
      case "\n": "\\n"
      default: String(scalar)
      }
    }
    return "\"\(escaped.joined())\""
  }
}
