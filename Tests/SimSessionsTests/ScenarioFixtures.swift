import TestSupport

@testable import SimSessions

/// The repository's own `Models`.
let models = ScenarioLibrary(folder: Vectors.packageFolder.appending(path: "Models").path)

/// Decodes a scenario text as the file `test.json5`.
func scenario(_ text: String) throws(ScenarioError) -> Scenario {
  let files = ScenarioFiles(
    costs: { name throws(ScenarioError) in try models.costs(name) },
    nats: { () throws(ScenarioError) in try models.nats() },
    links: { () throws(ScenarioError) in try models.links() },
    prices: { name throws(ScenarioError) in try models.prices(name) },
    media: { name in mediaFiles[name].map { ("/\(name)", $0) } })
  return try Scenario(text: text, file: "test.json5", name: "test", files: files)
}

/// What scenario texts may name.
private let mediaFiles = [
  "there.y4m": pictures(), "other.y4m": pictures("x"), "small.y4m": pictures(width: 64, height: 36),
  "ntsc.y4m": pictures(rate: "30000:1001"), "broken.y4m": Array("RIFF".utf8), "cut.y4m": Array(pictures().dropLast()),
  "train.trace": Array("1\n5\n5\n100\n".utf8), "broken.trace": Array("1\n5\nx\n".utf8),
  "there.wav": sound(channels: 1), "stereo.wav": sound(channels: 2), "broken.wav": [],
]

/// A Y4M file of one picture.
private func pictures(_ fill: String = "y", width: Int = 640, height: Int = 360, rate: String = "30:1") -> [UInt8] {
  Array(
    "YUV4MPEG2 W\(width) H\(height) F\(rate)\nFRAME\n\(String(repeating: fill, count: width * height * 3 / 2))".utf8)
}

/// A WAV file of one sample.
private func sound(channels: UInt8) -> [UInt8] {
  Array("RIFF\0\0\0\0WAVEfmt ".utf8) + [16, 0, 0, 0, 1, 0, channels, 0, 0x80, 0xBB, 0, 0]
    + [0, 0, 0, 0, 0, 0, 16, 0] + Array("data".utf8) + [2 * channels, 0, 0, 0] + [1, 0, 1, 0].prefix(2 * Int(channels))
}

func session(_ text: String) throws -> SessionScenario {
  guard let session = try scenario(text).session else { throw ScenarioError.noModels(searched: []) }
  return session
}

/// The message of the error that `body` throws.
func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "no error"
  } catch {
    return "\(error)"
  }
}
