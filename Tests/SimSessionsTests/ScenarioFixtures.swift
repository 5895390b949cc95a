import TestSupport

@testable import SimSessions

/// The repository's own `Models`.
let models = ScenarioLibrary(folder: Vectors.packageFolder.appending(path: "Models").path)

/// Decodes a scenario text as the file `test.json5`.
func scenario(_ text: String) throws(ScenarioError) -> Scenario {
  let files = ScenarioFiles(
    costs: { name throws(ScenarioError) in try models.costs(name) },
    prices: { name throws(ScenarioError) in try models.prices(name) },
    media: { $0 == "there.y4m" ? "/there.y4m" : nil })
  return try Scenario(text: text, file: "test.json5", name: "test", files: files)
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
