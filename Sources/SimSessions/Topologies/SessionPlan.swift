import RTCSession
import RTCWire

/// One who takes part in a session.
public struct Participant: Hashable, Sendable {
  /// The place in the order of joining, from 0.
  public let index: Int
  /// What is captured and sent, audio before video.
  public let kinds: [MediaKind]

  public init(index: Int, kinds: [MediaKind] = MediaKind.allCases) {
    self.index = index
    self.kinds = kinds
  }

  /// The name in outputs: `client-1` joins first.
  public var name: String { "client-\(index + 1)" }

  func sends(_ kind: MediaKind) -> Bool { kinds.contains(kind) }
}

/// What a mixing server leaves out for a listener.
public enum MixingLayout: String, Hashable, Sendable, CaseIterable {
  /// Everybody gets a picture and sound of the others, encoded for him alone.
  case individual
  /// Everybody gets the same picture of all, encoded once; the sound still leaves out the listener's own voice.
  case shared
}

/// Who exists in a session, who connects to whom, and which tracks flow: pure data.
public struct SessionPlan: Hashable, Sendable {
  /// What the media server does.
  public enum ServerRole: Hashable, Sendable {
    case forwarding
    case mixing(MixingLayout)
  }

  /// One end of a connection.
  public enum Party: Hashable, Sendable, CustomStringConvertible {
    case participant(Int)
    case server

    /// The name in outputs: `client-1` or `server`.
    public var description: String {
      switch self {
      case .participant(let index): Participant(index: index).name
      case .server: "server"
      }
    }
  }

  /// One media description of the offer.
  public struct Line: Hashable, Sendable {
    public let kind: MediaKind
    /// As the offerer sees it.
    public let direction: MediaDirection
    /// Whose media a receive-only slot carries at first; `nil` for the other end's own media or its mix.
    public let source: Int?

    init(kind: MediaKind, direction: MediaDirection, source: Int? = nil) {
      self.kind = kind
      self.direction = direction
      self.source = source
    }
  }

  /// One peer connection, with its media descriptions in the order of the offer.
  public struct Connection: Hashable, Sendable {
    public let offerer: Party
    public let answerer: Party
    public let lines: [Line]
  }

  public let participants: [Participant]
  /// `nil` when there is no media server.
  public let server: ServerRole?
  /// In the order in which they are made while people join.
  public private(set) var connections: [Connection] = []

  init(participants: [Participant], server: ServerRole? = nil) {
    self.participants = participants
    self.server = server
  }

  mutating func connect(_ offerer: Party, to answerer: Party, _ lines: [Line]) {
    connections.append(Connection(offerer: offerer, answerer: answerer, lines: lines))
  }
}

/// How many streams a plan makes, counted once on each connection and direction that they take.
public struct PlannedStreams: Hashable, Sendable {
  /// The mean over the clients of what one sends and receives.
  public let upPerClient: Double
  public let downPerClient: Double
  public let total: Int
}

extension SessionPlan {
  /// The streams of one kind, or of both for `nil`.
  public func streams(of kind: MediaKind? = nil) -> PlannedStreams {
    var up = 0
    var down = 0
    var total = 0
    for connection in connections {
      for line in connection.lines where kind == nil || line.kind == kind {
        let flows = [
          (connection.offerer, connection.answerer, line.direction.sends),
          (connection.answerer, connection.offerer, line.direction.receives),
        ]
        for (sender, receiver, exists) in flows where exists {
          total += 1
          if sender != .server { up += 1 }
          if receiver != .server { down += 1 }
        }
      }
    }
    let count = Double(max(1, participants.count))
    return PlannedStreams(upPerClient: Double(up) / count, downPerClient: Double(down) / count, total: total)
  }
  /// How many streams of a kind one participant receives.
  func streamsReceived(by participant: Int, _ kind: MediaKind) -> Int {
    connections.reduce(0) { sum, connection in
      let lines = connection.lines.filter { $0.kind == kind }
      let asOfferer = connection.offerer == .participant(participant) ? lines.count { $0.direction.receives } : 0
      let asAnswerer = connection.answerer == .participant(participant) ? lines.count { $0.direction.sends } : 0
      return sum + asOfferer + asAnswerer
    }
  }
}
