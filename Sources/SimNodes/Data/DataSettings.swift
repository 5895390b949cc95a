import RTCPrimitives
import RTCSession

/// What people send each other on data channels, beside media.
public struct DataSettings: Hashable, Sendable {
  /// Messages now and then, in order and reliable, from both ends.
  public struct Chat: Hashable, Sendable {
    public var interval: Duration
    public var size: DataSize

    public init(interval: Duration, size: DataSize) {
      self.interval = interval
      self.size = size
    }
  }

  /// One file from the offerer to the answerer, in order and reliable, as fast as it goes; with a server from who joins
  /// to those who are there.
  public struct FileTransfer: Hashable, Sendable {
    public var size: DataSize
    /// Of one message.
    public var chunk: DataSize

    public init(size: DataSize, chunk: DataSize = .kibibytes(16)) {
      self.size = size
      self.chunk = chunk
    }
  }

  /// The state of a game from both ends: only the newest is worth having, so that nothing is sent twice or waited for.
  public struct Game: Hashable, Sendable {
    /// Messages per second.
    public var rate: Int
    public var size: DataSize

    public init(rate: Int, size: DataSize) {
      self.rate = rate
      self.size = size
    }
  }

  public var chat: Chat?
  public var file: FileTransfer?
  public var game: Game?

  public init(chat: Chat? = nil, file: FileTransfer? = nil, game: Game? = nil) {
    self.chat = chat
    self.file = file
    self.game = game
  }

  /// Those that there are, each with a channel of its own.
  public var workloads: [DataWorkload] {
    DataWorkload.allCases.filter { workload in
      switch workload {
      case .chat: chat != nil
      case .file: file != nil
      case .game: game != nil
      }
    }
  }
}

/// A use of a data channel; its name is the label of the channel.
public enum DataWorkload: String, Hashable, Sendable, CaseIterable {
  case chat, file, game

  /// How its channel is made.
  var options: DataChannelOptions {
    var options = DataChannelOptions()
    switch self {
    case .chat, .file: break
    case .game:
      options.isOrdered = false
      options.maxRetransmits = 0
    }
    return options
  }

  /// Whether a server forwards it to those who join while it goes on; the rest of a file is of no use.
  var reachesLateJoiners: Bool {
    switch self {
    case .chat, .game: true
    case .file: false
    }
  }
}
