import RTCPrimitives
import SimNodes

extension DataSettings {
  /// Reads what goes on data channels; `null` is nothing, and so is a workload that is not given.
  static func decode(_ reader: FieldReader) throws(ScenarioError) -> DataSettings? {
    guard !reader.isNull else { return nil }
    let names = DataWorkload.allCases.map(\.rawValue)
    let fields = try reader.object(names)
    var data = DataSettings()
    if let reader = fields["chat"], !reader.isNull { data.chat = try Chat(reader) }
    if let reader = fields["file"], !reader.isNull { data.file = try FileTransfer(reader) }
    if let reader = fields["game"], !reader.isNull { data.game = try Game(reader) }
    guard !data.workloads.isEmpty else {
      throw reader.failure("null, or at least one of \(names.joined(separator: ", "))", found: "no workload")
    }
    return data
  }
}

extension DataSettings.Chat {
  fileprivate init(_ reader: FieldReader) throws(ScenarioError) {
    self.init(interval: .seconds(2), size: .bytes(200))
    let fields = try reader.object(["interval", "size"])
    if let reader = fields["interval"] { interval = try reader.duration(.interval) }
    if let reader = fields["size"] { size = .bytes(try reader.integer(.messageSize)) }
  }
}

extension DataSettings.FileTransfer {
  fileprivate init(_ reader: FieldReader) throws(ScenarioError) {
    self.init(size: .bytes(5_000_000))
    let fields = try reader.object(["size", "chunk"])
    if let reader = fields["size"] { size = .bytes(try reader.integer(.transferSize)) }
    if let reader = fields["chunk"] { chunk = .bytes(try reader.integer(.chunkSize)) }
  }
}

extension DataSettings.Game {
  fileprivate init(_ reader: FieldReader) throws(ScenarioError) {
    self.init(rate: 30, size: .bytes(100))
    let fields = try reader.object(["rate", "size"])
    if let reader = fields["rate"] { rate = try reader.integer(.messageRate) }
    if let reader = fields["size"] { size = .bytes(try reader.integer(.messageSize)) }
  }
}
