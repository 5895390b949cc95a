import Foundation
import Testing

@testable import rtcsim

struct OutputTests {
  @Test func `a table aligns names to the left and numbers to the right`() {
    var table = Table([.left("topology"), .right("uplink\nMbit/s"), .left("limit")])
    table.append(["mesh", "9.5", "uplink"])
    table.append(["sfu", "10.25", "none"])
    #expect(
      table.text(indent: 2) == """
                    uplink
          topology  Mbit/s  limit
          ────────  ──────  ──────
          mesh         9.5  uplink
          sfu        10.25  none

        """)
  }

  @Test func `JSON keeps the order of members`() {
    let value: JSON = [
      "kind": "x", "b": [1, 2], "a": ["z": true, "y": nil], "rows": [["n": 1], ["n": 2]], "none": [],
    ]
    #expect(
      value.text(isPretty: false)
        == #"{"kind":"x","b":[1,2],"a":{"z":true,"y":null},"rows":[{"n":1},{"n":2}],"none":[]}"#)
    #expect(
      value.text() == """
        {
          "kind": "x",
          "b": [1,2],
          "a": {"z":true,"y":null},
          "rows": [
            {"n":1},
            {"n":2}
          ],
          "none": []
        }
        """)
  }

  /// Foundation's parser is the other implementation.
  @Test func `every character and number is read back as it was written`() throws {
    let text = String(String.UnicodeScalarView((0...0x17F).compactMap(Unicode.Scalar.init))) + "\u{2028}👋"
    let value: JSON = ["text": .string(text), "big": JSON(UInt64.max), "small": .number(1e-7), "nan": .number(.nan)]
    for isPretty in [true, false] {
      let parsed = try #require(
        try JSONSerialization.jsonObject(with: Data(value.text(isPretty: isPretty).utf8)) as? [String: Any])
      #expect(parsed["text"] as? String == text)
      #expect((parsed["big"] as? NSNumber)?.uint64Value == .max)
      #expect(parsed["small"] as? Double == 1e-7)
      #expect(parsed["nan"] is NSNull)
    }
    #expect(JSON(2.0 / 3, decimals: 2).text() == "0.67")
    #expect(JSON(nil, decimals: 2) == .null)
  }

  @Test func `the progress line counts down`() {
    #expect(
      ProgressLine.line(done: 1, total: 4, elapsed: .seconds(30), label: "mesh") == "25 % · 1:30 left · mesh")
    #expect(ProgressLine.line(done: 0, total: 4, elapsed: .seconds(30), label: "mesh") == "0 % · mesh")
    #expect(ProgressLine.line(done: 4, total: 4, elapsed: .seconds(30), label: "") == "100 % · 0:00 left · ")
  }
}
