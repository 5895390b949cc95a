import RTCPrimitives
import RTCTransport
import SimNetwork
import SimNodes

/// TCP that shares the access links of people in a session:
/// `crossTraffic: [{ client: "client-1", direction: "upload", pattern: "bulk", control: "cubic", start: "10s", end: "20s" }]`.
///
/// A host beside the client, behind the same router or NAT, opens all connections to one at the site of the media server.
public struct SessionCrossTraffic: Hashable, Sendable {
  /// Whose links it shares; `nil` for everybody's.
  public var client: String?
  public var direction: CrossTraffic.Direction
  public var pattern: CrossTraffic.Pattern
  /// Of whoever sends.
  public var control: TCPCongestionControl
  /// After the beginning, which is when the first one joins.
  public var start: Duration
  /// `nil` for until everybody leaves.
  public var end: Duration?
  /// How many of them there are at the same time.
  public var flows: Int

  private static let fieldNames = [
    "client", "direction", "pattern", "control", "start", "end", "flows", "sizes", "meanIdle",
  ]
  private static let largestCount = 50
  private static let sizesAllowed = "the smallest and the largest size in bytes, such as [30000, 50000]"

  /// What a file says; whether there is such a client is checked with the whole scenario.
  static func decode(_ reader: FieldReader) throws(ScenarioError) -> [SessionCrossTraffic] {
    var all: [SessionCrossTraffic] = []
    for element in try reader.elements("a list of objects with \(fieldNames.joined(separator: ", "))") {
      all.append(try SessionCrossTraffic(element))
    }
    guard all.count <= largestCount else { throw reader.failure("at most \(largestCount) entries") }
    return all
  }

  private init(_ reader: FieldReader) throws(ScenarioError) {
    let fields = try reader.object(Self.fieldNames)
    client = try fields["client"]?.text("the name of a client, such as client-1")
    direction = try fields["direction"]?.choice(CrossTraffic.Direction.self) ?? .upload
    control = try fields["control"]?.choice(TCPCongestionControl.self) ?? .cubic
    start = try fields["start"]?.duration(.run) ?? .zero
    end = try fields["end"]?.duration(.run)
    flows = try fields["flows"]?.integer(.tcpFlows) ?? 1
    if let end, end <= start {
      throw fields.failure("end", found: "'\(end.quantity)'", "a time after the start, \(start.quantity)")
    }
    switch try fields["pattern"]?.name(of: ["bulk", "short"]) ?? "bulk" {
    case "short":
      var (sizes, idle) = (30_000...50_000, Duration.seconds(10))
      if let reader = fields["sizes"] { sizes = try Self.sizes(reader) }
      if let reader = fields["meanIdle"] { idle = try reader.duration(.interval) }
      pattern = .short(sizes: sizes, meanIdle: idle)
    default:
      pattern = .bulk
      for name in ["sizes", "meanIdle"] {
        if let reader = fields[name] { throw reader.failure("no \(name), because pattern is 'bulk'") }
      }
    }
  }

  private static func sizes(_ reader: FieldReader) throws(ScenarioError) -> ClosedRange<Int> {
    let elements = try reader.elements(sizesAllowed)
    guard elements.count == 2 else { throw reader.failure(sizesAllowed) }
    let (least, most) = (try elements[0].integer(.transferSize), try elements[1].integer(.transferSize))
    guard least <= most else { throw reader.failure(sizesAllowed) }
    return least...most
  }

  /// Its flows, in a session that ends at `sessionEnd`.
  func traffic(until sessionEnd: Duration) -> [CrossTraffic] {
    let one = CrossTraffic(
      direction, pattern, control, from: .start + start, until: .start + (end ?? sessionEnd))
    return Array(repeating: one, count: flows)
  }

  /// `upload, bulk, cubic, 2 flows, from 10s until 20s`
  public var summary: String {
    var words = [direction.rawValue]
    switch pattern {
    case .bulk: words.append("bulk")
    case .short(let sizes, let idle):
      words.append("short (\(sizes.lowerBound) to \(sizes.upperBound) bytes, mean idle \(idle.quantity))")
    }
    words.append(control.rawValue)
    words.append(flows == 1 ? "1 flow" : "\(flows) flows")
    words.append("from \(start.quantity)" + (end.map { " until \($0.quantity)" } ?? ""))
    return words.joined(separator: ", ")
  }
}

extension SessionScenario {
  /// What shares the links of the client that joins as number `index`.
  func crossTraffic(at index: Int) -> [CrossTraffic] {
    let name = Participant(index: index, kinds: []).name
    return crossTraffic.filter { $0.client == nil || $0.client == name }.flatMap { $0.traffic(until: end) }
  }

  /// Refuses traffic of clients who are not there, that a firewall stops, or that would go on when everybody has left.
  func checkCrossTraffic() throws(Contradiction) {
    for traffic in crossTraffic {
      let names = (0..<participants).map { Participant(index: $0, kinds: []).name }
      if let client = traffic.client, !names.contains(client) {
        throw Contradiction(
          ("crossTraffic", "client '\(client)'", "one of \(names[0]) … \(names[participants - 1])"),
          ("participants", "\(participants)", "more, because crossTraffic names '\(client)'"))
      }
      let last = traffic.end ?? traffic.start
      guard last <= end, traffic.start < end else {
        throw Contradiction(
          ("crossTraffic", "'\(last.quantity)'", "a time within the session, which ends at \(end.quantity)"),
          ("duration", "'\(duration.quantity)'", "more, because crossTraffic names \(last.quantity)"))
      }
      for (index, name) in names.enumerated() where traffic.client == nil || traffic.client == name {
        guard client(at: index).barrier != .tcp443Only else {
          throw Contradiction(
            (
              "crossTraffic", "traffic of \(name)",
              "none of it, because its firewall is 'tcp-443-only' and cross traffic uses other ports"
            ))
        }
      }
    }
  }
}
