import Foundation
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
    let plain = Link.Configuration(queueLimit: .time(.milliseconds(200)))
    uplink = try Link.Configuration(try fields.required("uplink", "a link"), over: plain)
    downlink = try Link.Configuration(try fields.required("downlink", "a link"), over: plain)
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

  /// The path and content of the file called `name` that lies beside `file`.
  static func content(of name: String, beside file: String) -> (path: String, content: [UInt8])? {
    let path =
      name.hasPrefix("/") ? name : URL(filePath: file).deletingLastPathComponent().appending(path: name).path
    return FileManager.default.contents(atPath: path).map { (path, [UInt8]($0)) }
  }
}

extension DeliveryTrace {
  /// Larger files are not read.
  private static let largestFile = 50_000_000

  /// Reads the trace in the file that a text names.
  init(_ reader: FieldReader, content: (String) -> (path: String, content: [UInt8])?) throws(ScenarioError) {
    let allowed = "the path of a file with one time in milliseconds a line"
    guard let (path, bytes) = content(try reader.text(allowed)) else {
      throw reader.failure(allowed + " that can be read")
    }
    guard bytes.count <= Self.largestFile else {
      throw reader.failure("a file of at most \(Self.largestFile) bytes", found: "\(path) with \(bytes.count)")
    }
    do throws(Failure) { try self.init(parsing: String(decoding: bytes, as: UTF8.self)) } catch {
      throw reader.failure("a trace in Mahimahi's format", found: "\(path), \(error)")
    }
  }
}
