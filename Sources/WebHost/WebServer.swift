/// A small HTTP server for pages that only this machine, or those that are named, may see.
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

    public init() {}
  }

  private let loop: EventLoop
  /// Where the server listens.
  public let port: UInt16

  /// Listens at once and answers nothing before `run`.
  ///
  /// - Parameters:
  ///   - log: Takes one line for each request and connection that is refused.
  ///   - handler: Answers a request on the thread that runs the server; no other client is served meanwhile.
  public init(
    _ configuration: Configuration = Configuration(), log: @escaping (String) -> Void = { _ in },
    handler: @escaping (HTTPRequest) -> HTTPResponse
  ) throws(WebServerError) {
    loop = try EventLoop(configuration) { port in
      Service(configuration, port: port, log: log, handler: handler)
    }
    port = loop.port
  }

  /// Serves as long as `condition` holds, which is asked several times a second.
  public func run(while condition: () -> Bool) {
    while condition() { loop.turn() }
  }
}
