import Foundation
import RTCMedia
import RTCPrimitives
import SimNetwork
import SimNodes

/// Cases out of files.
///
/// ```json5
/// {
///   name: 'a lift', duration: '60s',
///   link: { rate: '2M', delay: '30ms', queue: '300ms', schedule: [{ at: '20s', rate: '200k' }, { at: '30s', rate: '2M' }] },
///   backward: { delay: '30ms' },
///   flows: [{ name: 'video1', video: { width: 640, height: 360, maximum: '2M' }, audio: '20k' }],
///   phases: [{ from: '0s', to: '20s', judgedFrom: '10s', utilisation: [0.7, 1.0], largestQueue: '200ms' }],
/// }
/// ```
extension CongestionCase {
  private static let fieldNames = ["name", "duration", "link", "backward", "flows", "phases"]
  private static let largestFlowCount = 50
  private static let longest = Duration.seconds(3600)

  /// The case in a file, or the cases in its list.
  public static func cases(inFile path: String) throws(ScenarioError) -> [CongestionCase] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .unreadable(file: path, reason: "there is no such file, or it may not be read")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw .unreadable(file: path, reason: "it is not UTF-8 text")
    }
    let reader = try FieldReader(text: text, file: path)
    guard case .array = reader.value.content else { return [try CongestionCase(reader)] }
    var cases: [CongestionCase] = []
    for element in try reader.elements("a list of cases") { cases.append(try CongestionCase(element)) }
    guard !cases.isEmpty else { throw reader.failure("at least one case") }
    return cases
  }

  init(_ reader: FieldReader) throws(ScenarioError) {
    let fields = try reader.object(Self.fieldNames)
    let name = try fields.required("name", "a name").text()
    let durationReader = try fields.required("duration", Duration.allowedQuantity)
    let duration = try durationReader.duration()
    guard duration >= .seconds(1), duration <= Self.longest else { throw durationReader.failure("1s to 1h") }
    let forward = try Link.Configuration(
      try fields.required("link", "a link"), over: Link.Configuration(queueLimit: .time(.milliseconds(300))))
    let plain = Link.Configuration(propagationDelay: forward.propagationDelay)
    let backward = try fields["backward"].map { reader throws(ScenarioError) in
      try Link.Configuration(reader, over: plain)
    }
    let flowsReader = try fields.required("flows", "a list of flows")
    var flows: [Flow] = []
    for element in try flowsReader.elements("a list of flows") {
      flows.append(try Flow(element, duration: duration, known: flows.map(\.name)))
    }
    guard (1...Self.largestFlowCount).contains(flows.count), flows.contains(where: { $0.direction == .forward }) else {
      throw flowsReader.failure("1 to \(Self.largestFlowCount) flows, of which one at least goes forward")
    }
    var phases: [Phase] = []
    if let list = fields["phases"] {
      for element in try list.elements("a list of phases") { phases.append(try Phase(element, duration: duration)) }
      guard !phases.isEmpty else { throw list.failure("at least one phase") }
    } else {
      phases = [Phase("whole", from: .zero, to: duration, judgedFrom: .zero)]
    }
    self.init(
      name: name, source: reader.file, duration: duration, forward: forward, backward: backward ?? plain, flows: flows,
      phases: phases)
  }
}

extension CongestionCase.Flow {
  fileprivate init(_ reader: FieldReader, duration: Duration, known: [String]) throws(ScenarioError) {
    let fields = try reader.object(["name", "video", "audio", "direction", "start", "end", "limits"])
    let nameReader = try fields.required("name", "a name")
    let name = try nameReader.text()
    guard !known.contains(name) else { throw nameReader.failure("a name that no other flow has") }
    let media = FlowPeer.Media(
      video: try fields["video"].map { reader throws(ScenarioError) in try VP8Settings(flow: reader) },
      audio: try fields["audio"]?.rate())
    guard media.video != nil || media.audio != nil else {
      throw fields.failure("video", found: "neither video nor audio", "one of the two at least")
    }
    let start = try fields["start"]?.duration() ?? .zero
    let end = try fields["end"]?.duration() ?? duration
    guard start < end, end <= duration else {
      throw fields.failure(
        "end", found: end.quantity, "after the start and within the \(duration.quantity) of the case")
    }
    self.init(
      name, media, direction: try fields["direction"]?.choice(CongestionCase.Direction.self) ?? .forward, start: start,
      end: end, limits: try fields["limits"].map { reader throws(ScenarioError) in try RateLimits(reader) } ?? .chromium
    )
  }
}

extension VP8Settings {
  fileprivate init(flow reader: FieldReader) throws(ScenarioError) {
    let fields = try reader.object(["width", "height", "framesPerSecond", "maximum"])
    self.init(
      width: try fields["width"]?.integer(.pictureSide) ?? 640, height: try fields["height"]?.integer(.pictureSide) ?? 360,
      bitrate: try fields["maximum"]?.rate() ?? .kilobitsPerSecond(2500),
      framesPerSecond: try fields["framesPerSecond"]?.integer(.frameRate) ?? 30)
  }
}

extension RateLimits {
  fileprivate init(_ reader: FieldReader) throws(ScenarioError) {
    let fields = try reader.object(["minimum", "start", "maximum"])
    self.init(
      minimum: try fields["minimum"]?.rate() ?? RateLimits.chromium.minimum,
      start: try fields["start"]?.rate() ?? RateLimits.chromium.start,
      maximum: try fields["maximum"]?.rate() ?? RateLimits.chromium.maximum)
    guard minimum <= start, start <= maximum else {
      throw fields.failure(
        "start", found: start.quantity, "a rate from \(minimum.quantity) (minimum) to \(maximum.quantity) (maximum)")
    }
  }
}

extension CongestionCase.Phase {
  fileprivate init(_ reader: FieldReader, duration: Duration) throws(ScenarioError) {
    let fields = try reader.object([
      "name", "from", "to", "judgedFrom", "utilisation", "estimate", "largestQueue", "smallestJain", "smallestRate",
    ])
    let start = try fields["from"]?.duration() ?? .zero
    let end = try fields["to"]?.duration() ?? duration
    guard start < end, end <= duration else {
      throw fields.failure("to", found: end.quantity, "after from and within the \(duration.quantity) of the case")
    }
    let judgedFrom = try fields["judgedFrom"]?.duration() ?? start
    guard start <= judgedFrom, judgedFrom < end else {
      throw fields.failure("judgedFrom", found: judgedFrom.quantity, "from \(start.quantity) to before \(end.quantity)")
    }
    var bands = CongestionCase.Bands()
    if let reader = fields["utilisation"] { bands.utilisation = try reader.shares() }
    if let reader = fields["estimate"] { bands.estimate = try reader.rates() }
    bands.largestQueue = try fields["largestQueue"]?.duration()
    bands.smallestJain = try fields["smallestJain"]?.number(in: 0...1, "a number from 0 to 1")
    bands.smallestRate = try fields["smallestRate"]?.rate()
    self.init(
      try fields["name"]?.text() ?? "\(start.quantity)-\(end.quantity)", from: start, to: end, judgedFrom: judgedFrom,
      bands: bands)
  }
}

extension FieldReader {
  private static let sharesAllowed = "two shares, such as [0.7, 1.0]"
  private static let ratesAllowed = "two rates, such as ['350k', '550k']"

  fileprivate func shares() throws(ScenarioError) -> ClosedRange<Double> {
    let elements = try elements(Self.sharesAllowed)
    guard elements.count == 2 else { throw failure(Self.sharesAllowed) }
    let least = try elements[0].number(in: 0...2, "a share from 0 to 2")
    let most = try elements[1].number(in: 0...2, "a share from 0 to 2")
    guard least <= most else { throw failure(Self.sharesAllowed + ", the smaller one first") }
    return least...most
  }

  fileprivate func rates() throws(ScenarioError) -> ClosedRange<DataRate> {
    let elements = try elements(Self.ratesAllowed)
    guard elements.count == 2 else { throw failure(Self.ratesAllowed) }
    let (least, most) = (try elements[0].rate(), try elements[1].rate())
    guard least <= most else { throw failure(Self.ratesAllowed + ", the smaller one first") }
    return least...most
  }
}
