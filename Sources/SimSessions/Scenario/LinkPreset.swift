public import SimNetwork

/// An access link of the folder `Models/Links`, with both its directions.
public struct LinkPreset: Hashable, Sendable {
  public let name: String
  public let summary: String
  /// Where its values are from, or that they are chosen.
  public let source: String
  public let uplink: Link.Configuration
  public let downlink: Link.Configuration

  init(text: String, file: String, name: String) throws(ScenarioError) {
    let fields = try FieldReader(text: text, file: file).object(["summary", "source", "uplink", "downlink"])
    self.name = name
    summary = try fields.required("summary", "a sentence").text()
    source = try fields.required("source", "where the values are from, or 'chosen'").text()
    uplink = try Link.Configuration(preset: try fields.required("uplink", "a link"))
    downlink = try Link.Configuration(preset: try fields.required("downlink", "a link"))
  }

  public subscript(_ direction: LinkDirection) -> Link.Configuration {
    switch direction {
    case .up: uplink
    case .down: downlink
    }
  }
}

extension ScenarioFiles {
  /// The preset that a text names.
  func preset(_ reader: FieldReader) throws(ScenarioError) -> LinkPreset {
    let presets = try links()
    let name = try reader.name(of: presets.map(\.name))
    guard let preset = presets.first(where: { $0.name == name }) else { throw reader.failure("a listed name") }
    return preset
  }

  /// The trace in the file that a text names.
  func trace(_ reader: FieldReader) throws(ScenarioError) -> DeliveryTrace {
    let allowed = "the path of a file with one time in milliseconds a line"
    let name = try reader.text(allowed)
    guard let (path, bytes) = media(name) else { throw reader.failure(allowed + " that can be read") }
    guard bytes.count <= Self.largestTrace else {
      throw reader.failure("a file of at most \(Self.largestTrace) bytes", found: "\(path) with \(bytes.count)")
    }
    do throws(DeliveryTrace.Failure) { return try DeliveryTrace(parsing: String(decoding: bytes, as: UTF8.self)) } catch
    {
      throw reader.failure("a trace in Mahimahi's format", found: "\(path), \(error)")
    }
  }

  private static let largestTrace = 50_000_000
}
