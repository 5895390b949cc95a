/// Swift source without its comments, string literals and raw identifiers: they become blanks, so that every line number
/// stays. Code inside `\( )` is kept.
struct SourceText {
  private var scalars: [Unicode.Scalar]
  private var position = 0

  init(_ source: String) {
    scalars = Array(source.unicodeScalars)
    skipCode(until: nil)
  }

  var text: String { String(String.UnicodeScalarView(scalars)) }

  /// Passes over code; `closing` is the bracket that ends it, for an interpolation.
  private mutating func skipCode(until closing: Unicode.Scalar?) {
    var depth = 0
    while position < scalars.count {
      let scalar = scalars[position]
      if depth == 0, scalar == closing { return }
      switch scalar {
      case "/" where peek(1) == "/": blankLine()
      case "/" where peek(1) == "*": blankComment()
      case "\"": blankString(hashes: 0)
      case "#" where startsRawString: blankString(hashes: run(of: "#"))
      case "`": blankIdentifier()
      case "(": depth += 1
      case ")": depth -= 1
      default: break
      }
      position += 1
    }
  }

  private func peek(_ distance: Int) -> Unicode.Scalar? {
    position + distance < scalars.count ? scalars[position + distance] : nil
  }

  /// How many times `wanted` stands from here on.
  private func run(of wanted: Unicode.Scalar) -> Int {
    var count = 0
    while peek(count) == wanted { count += 1 }
    return count
  }

  private var startsRawString: Bool { peek(run(of: "#")) == "\"" }

  /// Blanks `count` characters but for line ends; the last one is left for the caller's step.
  private mutating func blank(_ count: Int, stepping: Bool = true) {
    for _ in 0..<count where position < scalars.count {
      if scalars[position] != "\n" { scalars[position] = " " }
      position += 1
    }
    if !stepping { position -= 1 }
  }

  private mutating func blankLine() {
    while let next = peek(1), next != "\n" { blank(1) }
    blank(1, stepping: false)
  }

  private mutating func blankComment() {
    var depth = 0
    repeat {
      if peek(0) == "/", peek(1) == "*" {
        depth += 1
        blank(2)
      } else if peek(0) == "*", peek(1) == "/" {
        depth -= 1
        blank(2)
      } else {
        blank(1)
      }
    } while depth > 0 && position < scalars.count
    position -= 1
  }

  private mutating func blankIdentifier() {
    blank(1)
    while let next = peek(0), next != "`", next != "\n" { blank(1) }
    blank(1, stepping: false)
  }

  private mutating func blankString(hashes: Int) {
    blank(hashes)
    let quotes = run(of: "\"") >= 3 ? 3 : 1
    blank(quotes)
    while position < scalars.count {
      if quotes == 1, scalars[position] == "\n" { break }
      if scalars[position] == "\"", closes(quotes: quotes, hashes: hashes) {
        blank(quotes + hashes)
        break
      }
      guard scalars[position] == "\\", escapes(hashes: hashes) else {
        blank(1)
        continue
      }
      blank(1 + hashes)
      guard peek(0) == "(" else {
        blank(1)
        continue
      }
      position += 1
      skipCode(until: ")")
      position += 1
    }
    position -= 1
  }

  private func closes(quotes: Int, hashes: Int) -> Bool {
    (0..<quotes).allSatisfy { peek($0) == "\"" } && (0..<hashes).allSatisfy { peek(quotes + $0) == "#" }
  }

  private func escapes(hashes: Int) -> Bool { (0..<hashes).allSatisfy { peek(1 + $0) == "#" } }
}
