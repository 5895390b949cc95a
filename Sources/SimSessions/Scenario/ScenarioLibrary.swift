import Foundation
import SimNetwork

/// The folder `Models`: scenarios, cost files and price lists by name.
public struct ScenarioLibrary: Sendable {
  /// The folder's path.
  public let folder: String

  public init(folder: String) { self.folder = folder }

  /// The folder that `RTCSIM_MODELS` names, or `Models` beside or above the current folder, or above the executable.
  public static func find(
    environment: [String: String] = ProcessInfo.processInfo.environment,
    from folders: [String] = [FileManager.default.currentDirectoryPath, executableFolder]
  ) throws(ScenarioError) -> ScenarioLibrary {
    if let folder = environment["RTCSIM_MODELS"], !folder.isEmpty {
      guard holdsScenarios(folder) else { throw .noModels(searched: [folder]) }
      return ScenarioLibrary(folder: folder)
    }
    for start in folders {
      var url = URL(filePath: start, directoryHint: .isDirectory).standardizedFileURL
      while true {
        let candidate = url.appending(path: "Models").path
        if holdsScenarios(candidate) { return ScenarioLibrary(folder: candidate) }
        guard url.path != "/" else { break }
        url = url.deletingLastPathComponent()
      }
    }
    throw .noModels(searched: folders)
  }

  /// The folder of the running program, also when it was found on the `PATH`.
  public static var executableFolder: String {
    let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(filePath: own ?? CommandLine.arguments[0]).deletingLastPathComponent().path
  }

  private static func holdsScenarios(_ folder: String) -> Bool {
    var isFolder = ObjCBool(false)
    return FileManager.default.fileExists(atPath: folder + "/Scenarios", isDirectory: &isFolder) && isFolder.boolValue
  }

  /// The names of the scenarios, in alphabetical order; one in a sub-folder is called `folder/name`.
  public var scenarioNames: [String] { names(in: .scenarios) }

  /// The scenario called `name`, or in the file at the path `name`.
  public func scenario(_ name: String) throws(ScenarioError) -> Scenario {
    let path = try path(of: name, in: .scenarios)
    let files = ScenarioFiles(
      costs: { name throws(ScenarioError) in try costs(name) }, nats: nats, links: links,
      prices: { name throws(ScenarioError) in try prices(name) },
      media: { ScenarioFiles.content(of: $0, beside: path) })
    return try Scenario(
      text: Self.text(of: path), file: path, name: scenarioNames.contains(name) ? name : Self.name(of: path),
      files: files)
  }

  /// The cost file called `name`, or at the path `name`.
  public func costs(_ name: String) throws(ScenarioError) -> CostFile {
    let path = try path(of: name, in: .costs)
    return try CostFile(text: Self.text(of: path), file: path, name: Self.name(of: path))
  }

  /// The NATs of the folder, in alphabetical order.
  public func nats() throws(ScenarioError) -> [NATBehaviors.Named] {
    var nats: [NATBehaviors.Named] = []
    for name in names(in: .nats) {
      let path = try path(of: name, in: .nats)
      nats.append(try NATBehaviors.Named(text: Self.text(of: path), file: path, name: name))
    }
    return nats
  }

  /// The links of the folder, in alphabetical order.
  public func links() throws(ScenarioError) -> [LinkPreset] {
    var links: [LinkPreset] = []
    for name in names(in: .links) {
      let path = try path(of: name, in: .links)
      links.append(try LinkPreset(text: Self.text(of: path), file: path, name: name))
    }
    return links
  }

  /// What an option names: an access, a NAT of the list or of the folder, or a chain of NATs.
  public func access(_ id: String, option: String) throws(ScenarioError) -> AccessBehavior {
    let presets = try nats()
    do throws(AccessBehaviorError) { return try AccessBehavior(id: id, presets: presets) } catch {
      throw error.error(option: option, found: id)
    }
  }

  /// The shares of a population in the file at `path`.
  public func mix(_ path: String) throws(ScenarioError) -> PopulationMix {
    try PopulationMix(text: Self.text(of: path), file: path, nats: try nats())
  }

  /// The price list called `name`, or at the path `name`.
  public func prices(_ name: String) throws(ScenarioError) -> PriceList {
    let path = try path(of: name, in: .prices)
    return try PriceList(text: Self.text(of: path), file: path, name: Self.name(of: path))
  }

  // MARK: Files

  private enum Kind: String {
    case scenarios = "Scenarios"
    case costs = "Costs"
    case nats = "NATs"
    case links = "Links"
    case prices = "Prices"

    var word: String {
      switch self {
      case .scenarios: "scenario"
      case .costs: "cost file"
      case .nats: "NAT"
      case .links: "link"
      case .prices: "price list"
      }
    }
  }

  private static let ending = ".json5"

  private func names(in kind: Kind) -> [String] {
    let files = (try? FileManager.default.subpathsOfDirectory(atPath: "\(folder)/\(kind.rawValue)")) ?? []
    return files.filter { $0.hasSuffix(Self.ending) }.map { String($0.dropLast(Self.ending.count)) }.sorted()
  }

  private func path(of name: String, in kind: Kind) throws(ScenarioError) -> String {
    let known = names(in: kind)
    if known.contains(name) { return "\(folder)/\(kind.rawValue)/\(name)\(Self.ending)" }
    let isInSubfolder = known.contains { $0.contains("/") && name.hasPrefix("\($0.prefix { $0 != "/" })/") }
    guard (name.contains("/") && !isInSubfolder) || name.hasSuffix(Self.ending) else {
      throw .unknownName(kind: kind.word, found: name, known: known, nearest: nearestName(to: name, in: known))
    }
    return name
  }

  private static func name(of path: String) -> String { URL(filePath: path).deletingPathExtension().lastPathComponent }

  private static func text(of path: String) throws(ScenarioError) -> String {
    let data: Data
    do { data = try Data(contentsOf: URL(filePath: path)) } catch {
      throw .unreadable(file: path, reason: reason(error, path))
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw .unreadable(file: path, reason: "it is not UTF-8 text")
    }
    return text
  }

  private static func reason(_ error: any Error, _ path: String) -> String {
    var isFolder = ObjCBool(false)
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return "there is no such file" }
    if isFolder.boolValue { return "it is a folder" }
    return FileManager.default.isReadableFile(atPath: path) ? "\(error)" : "permission denied"
  }
}
