public import RTCPrimitives
public import RTCTransport

/// What else uses a link: TCP between two hosts, one transfer after the other or one that does not end.
public struct CrossTraffic: Hashable, Sendable {
  public enum Direction: String, Hashable, Sendable, CaseIterable {
    /// From the server to the client, which opens all connections.
    case download
    case upload
  }

  public enum Pattern: Hashable, Sendable {
    /// One connection that carries as much as it can.
    case bulk
    /// Files of sizes drawn evenly from a range, each over a new connection; between two of them is idle time with an
    /// exponential distribution (the short TCP flows of RFC 8868 §5.1: 30 to 50 KB, 10 s).
    case short(sizes: ClosedRange<Int>, meanIdle: Duration)

    public static let rfc8868 = Pattern.short(sizes: 30_000...50_000, meanIdle: .seconds(10))
  }

  public var direction: Direction
  public var pattern: Pattern
  /// Of whoever sends.
  public var congestionControl: TCPCongestionControl
  public var begin: Instant
  /// What is on its way then is given up.
  public var end: Instant

  /// - Precondition: sizes are positive and `begin` is not after `end`.
  public init(
    _ direction: Direction, _ pattern: Pattern = .bulk, _ congestionControl: TCPCongestionControl = .cubic,
    from begin: Instant = .start, until end: Instant = .distantFuture
  ) {
    precondition(begin <= end, "cross traffic begins before it ends")
    if case .short(let sizes, _) = pattern { precondition(sizes.lowerBound > 0, "a file has a size") }
    self.direction = direction
    self.pattern = pattern
    self.congestionControl = congestionControl
    self.begin = begin
    self.end = end
  }

  /// The ports of a server, one for each congestion control.
  static func port(of control: TCPCongestionControl) -> UInt16 {
    switch control {
    case .reno: 8081
    case .cubic: 8082
    }
  }

  static func control(atPort port: UInt16) -> TCPCongestionControl? {
    TCPCongestionControl.allCases.first { Self.port(of: $0) == port }
  }

  static func configuration(_ control: TCPCongestionControl) -> TCPConnection.Configuration {
    var configuration = TCPConnection.Configuration()
    configuration.congestionControl = control
    configuration.offersSelectiveAcknowledgment = true
    // Linux's, where RFC 6298 §2.4 has a second.
    configuration.minimumRetransmissionTimeout = .milliseconds(200)
    return configuration
  }
}

/// What cross traffic has done so far; bytes are those that TCP carries, without headers and in order.
public struct CrossTrafficReport: Hashable, Sendable {
  /// Bytes that arrived, at the client of a download or acknowledged to the client of an upload.
  public var carried = DataSize.zero
  /// Connections that were opened, and files that were carried whole.
  public var connections = 0
  public var files = 0
  /// Segments that the client sent again.
  public var retransmissions = 0

  public init() {}
}
