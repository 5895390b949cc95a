/// A small server of HTTP and WebSocket for pages that only this machine, or those that are named, may see.
///
/// It runs on the thread that calls `run` and stops listening when it goes out of scope. Sockets, timers and the event
/// loop are those of libwebsockets, whose log is silenced and which makes the process ignore SIGPIPE; `Connection` decides
/// what is answered.
public struct WebServer: ~Copyable {
  public struct Configuration: Sendable {
    /// An IPv4 or IPv6 address.
    public var address = "127.0.0.1"
    /// 0 takes any that is free.
    public var port: UInt16 = 0
    /// The names under which the server is asked, without port; an IPv6 address stands in brackets.
    public var allowedHosts = ["127.0.0.1", "localhost", "[::1]"]
    /// In bytes.
    public var maximumHeaderSize = 8 << 10
    /// In bytes.
    public var maximumBodySize = 64 << 10
    public var maximumConnections = 64
    /// How long a client may take for one whole request, for a part of the answer, and between two requests.
    public var timeout = Duration.seconds(10)
    public var webSockets = WebSocketLimits()

    public init() {}
  }

  /// What a client may cost that opens WebSockets. One that is silent for the configuration's `timeout` is asked for a
  /// sign of life, and dropped when it gives none.
  public struct WebSocketLimits: Sendable {
    public var maximumCount = 8
    /// Of one message that comes in, in bytes.
    public var maximumMessageSize = 64 << 10
    /// Of what waits because the client does not read, in bytes.
    public var maximumQueueSize = 1 << 20

    public init() {}
  }

  private let loop: EventLoop
  /// Where the server listens.
  public let port: UInt16

  /// Listens at once and answers nothing before `run`.
  ///
  /// - Parameters:
  ///   - log: Takes one line for each request and connection that is refused.
  ///   - webSockets: Takes the WebSockets; without it there are none.
  ///   - handler: Answers a request on the thread that runs the server; no other client is served meanwhile.
  public init(
    _ configuration: Configuration = Configuration(), log: @escaping (String) -> Void = { _ in },
    webSockets: WebSocketHandler? = nil, handler: @escaping (HTTPRequest) -> HTTPResponse
  ) throws(WebServerError) {
    loop = try EventLoop(configuration, outbox: webSockets?.outbox) { port in
      Service(configuration, port: port, log: log, webSockets: webSockets, handler: handler)
    }
    port = loop.port
  }

  /// Serves as long as `condition` holds, which is asked several times a second.
  public func run(while condition: () -> Bool) {
    while condition() { loop.turn() }
  }
}
