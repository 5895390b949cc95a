import RTCPrimitives

/// `a=simulcast`: the encodings that are sent and received at the same time.
///
/// - SeeAlso: RFC 8853 §5.1
public struct SimulcastDescription: Hashable, Sendable {
  /// One way of encoding a stream.
  public struct Alternative: Hashable, Sendable {
    public var rid: String
    /// Whether the stream starts paused (`~`).
    public var isPaused: Bool

    public init(rid: String, isPaused: Bool = false) {
      self.rid = rid
      self.isPaused = isPaused
    }
  }

  /// One list of streams; each stream names its alternatives in order of preference.
  public struct Streams: Hashable, Sendable {
    public var direction: RestrictionIdentifier.Direction
    public var streams: [[Alternative]]

    public init(direction: RestrictionIdentifier.Direction, streams: [[Alternative]]) {
      self.direction = direction
      self.streams = streams
    }
  }

  /// At most one of each direction, in the order written.
  public var lists: [Streams]

  public init(_ lists: [Streams]) { self.lists = lists }

  /// The streams of one direction; empty when there are none.
  public func streams(_ direction: RestrictionIdentifier.Direction) -> [[Alternative]] {
    lists.first { $0.direction == direction }?.streams ?? []
  }

  /// - Note: The form of older drafts (a space first, and `rid=` before the list) is read too.
  init(_ scanner: inout SDPScanner) throws(SDPError) {
    lists = []
    scanner.skipSpaces()
    repeat {
      let start = scanner.offset
      let direction = try scanner.keyword(RestrictionIdentifier.Direction.self, "send or recv")
      guard !lists.contains(where: { $0.direction == direction }) else {
        throw scanner.error(expected: "each direction once", at: start)
      }
      try scanner.expectSpace()
      try lists.append(Streams(direction: direction, streams: scanner.simulcastStreams()))
    } while scanner.skip(.space)
  }

  func write(into writer: inout ByteWriter) {
    for (index, list) in lists.enumerated() {
      writer.append(index == 0 ? ":" : " ")
      writer.append("\(list.direction.rawValue) ")
      let streams = list.streams.map { $0.map { ($0.isPaused ? "~" : "") + $0.rid }.joined(separator: ",") }
      writer.append(joined: streams, separator: ";")
    }
  }
}

extension SDPScanner {
  fileprivate mutating func simulcastStreams() throws(SDPError) -> [[SimulcastDescription.Alternative]] {
    var streams: [[SimulcastDescription.Alternative]] = []
    repeat {
      var alternatives: [SimulcastDescription.Alternative] = []
      repeat {
        let isPaused = skip(UInt8(ascii: "~"))
        var rid = try ridID()
        if rid == "rid", streams.isEmpty, alternatives.isEmpty, !isPaused, skip(UInt8(ascii: "=")) {
          rid = try ridID()
        }
        alternatives.append(.init(rid: rid, isPaused: isPaused))
      } while skip(.comma)
      streams.append(alternatives)
    } while skip(.semicolon)
    return streams
  }
}
