import Foundation
import RTCMedia
import RTCPrimitives
import RTCSession
import RTCSockets
import RTCTransport
import SimSessions
import WebHost

/// `rtcsim peer`: a real WebRTC endpoint with a page to call it from.
struct Peer: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "peer", abstract: "Calls a real browser, or whoever speaks its signaling.",
    discussion: """
      Serves a page. Whoever opens it sees and hears a test picture and a synthetic voice, or the files that are given; what
      the page sends is decoded and measured, and messages on data channels come back. It ends with Control-C.

      Only this machine can reach it unless --listen names another address and --public says that this is meant. Pages that
      do not come from this machine get no camera and no microphone over plain HTTP and send a synthetic picture and tone.
      With ?simulcast in its address the page sends its picture in three sizes, each of which is decoded and told of.

      \(signaling)
      """)

  /// What the other end of the WebSocket must speak.
  static let signaling = """
    Signaling is a WebSocket at /signaling on which each text is one JSON object:
      {"type":"ready","role":"page"|"program","iceServers":[…]}   from the program, first: who offers
      {"type":"offer"|"answer","sdp":"v=0…"}
      {"type":"candidate","candidate":"candidate:…","sdpMid":"0","sdpMLineIndex":0}   an empty candidate ends them
      {"type":"bye","reason":"…"}                                  from either, last
    """

  @Option(
    help: ArgumentHelp("Address and port of the page; media goes over the same address.", valueName: "address:port"))
  var listen = ListeningPlace(address: "127.0.0.1", port: 8080)
  @Flag(name: .customLong("public"), help: "Lets other machines in, as the address of --listen says.")
  var isPublic = false
  @Option(help: "A further name under which browsers ask for the page, when it is not served to this machine only.")
  var name: String?
  @Flag(name: .customLong("offer"), help: "The program offers.") var offers = false
  @Flag(name: .customLong("answer"), help: "The page offers, as it does by default.") var answers = false
  @Option(help: ArgumentHelp("Pictures to send instead of the test picture, a Y4M file.", valueName: "file")) var video:
    String?
  @Option(help: ArgumentHelp("Sound to send instead of the synthetic voice, a WAV file.", valueName: "file")) var audio:
    String?
  @Option(help: "What the pictures are coded for; with congestion control, at most.")
  var bitrate = DataRate.megabitsPerSecond(1)
  @Option(
    help: """
      Whose rate pictures follow, and whether what is sent is paced: \(SessionScenario.congestionControls.joined(separator: ", ")). \
      With none, the page is told nothing of what arrives, either. A peer that gives no transport-wide feedback, as aiortc \
      does not, gets pictures of a fixed rate.
      """)
  var congestionControl = "gcc"
  @Option(
    help: ArgumentHelp("Pictures that the page is known to send, a Y4M file; tells their PSNR.", valueName: "file"))
  var expect: String?
  @Option(
    help: ArgumentHelp(
      """
      Where what comes is written: call-N-video-L.ivf (VP8) and call-N-audio-L.wav, each when its call is over; of several \
      sizes call-N-video-L-E.ivf, the first one 0.
      """,
      valueName: "folder"))
  var record: String?
  @Option(
    help: ArgumentHelp("A STUN or TURN server for both ends; may be repeated. None by default.", valueName: "url"))
  var iceServer: [String]
  @Option(help: "For the TURN servers.") var iceUsername: String?
  @Option(help: "For the TURN servers.") var icePassword: String?
  @Option(help: "Ends after this time.") var duration: Duration?

  func validate() throws {
    guard !(offers && answers) else {
      throw CommandLineError.badValue(name: "--offer", found: "--answer as well", allowed: "one of the two")
    }
    guard listen.isLoopback || isPublic else {
      throw CommandLineError.badValue(
        name: "--listen", found: listen.defaultValueDescription,
        allowed: "an address of this machine alone, such as 127.0.0.1:8080, unless --public is given")
    }
    guard !(listen.isLoopback && isPublic) else {
      throw CommandLineError.badValue(
        name: "--public", found: "with --listen \(listen.defaultValueDescription)",
        allowed: "with an address that other machines can reach, such as 0.0.0.0:8080")
    }
    guard (.kilobitsPerSecond(30)...(.megabitsPerSecond(100))).contains(bitrate) else {
      throw CommandLineError.badValue(
        name: "--bitrate", found: bitrate.defaultValueDescription, allowed: "a rate from 30k to 100M")
    }
    guard SessionScenario.congestionControls.contains(congestionControl) else {
      throw CommandLineError.badValue(
        name: "--congestion-control", found: congestionControl,
        allowed: SessionScenario.congestionControls.joined(separator: ", "))
    }
    if let duration, duration <= .zero {
      throw CommandLineError.badValue(
        name: "--duration", found: duration.defaultValueDescription, allowed: "a time above zero")
    }
  }

  func run() throws {
    let loop = try SocketLoop()
    let signals = try StopSignals(on: loop)
    let (outbox, report) = (WebSocketOutbox(), PeerReport())
    let source = try PeerSource(video: video, audio: audio)
    let servers = try iceServers()
    let host = PeerHost(
      on: loop, source: source, settings: try settings(source, servers: servers.ours), isOffering: offers,
      servers: servers.page, outbox: outbox, report: report)
    let mailbox = loop.makeMailbox { host.handle($0) }
    let web = PeerWeb(outbox: outbox)
    let port = try web.start(webConfiguration, mailbox: mailbox)
    if !listen.isLoopback {
      Terminal.writeError(
        "rtcsim peer: warning: \(listen.address) can be reached from other machines; everybody there can make calls here\n"
      )
    }
    Terminal.write("http://\(listen.urlHost):\(port)/\n")
    let end = duration.map { loop.clock.now + $0 } ?? .distantFuture
    loop.run(asking: .milliseconds(200)) { !signals.haveCome && loop.clock.now < end }
    host.close()
    web.stop()
  }

  private var webConfiguration: WebServer.Configuration {
    var configuration = WebServer.Configuration()
    configuration.address = listen.address
    configuration.port = listen.port
    configuration.allowedHosts += listen.hosts + [name].compactMap(\.self)
    configuration.webSockets.maximumCount = PeerWeb.mostCalls
    return configuration
  }

  private func settings(_ source: PeerSource, servers: [ICEServer]) throws -> PeerCall.Settings {
    if let record { try OutputFiles.prepareFolder(record, for: "--record") }
    let frameRate = Double(source.frameRate.numerator) / Double(source.frameRate.denominator)
    return PeerCall.Settings(
      connection: SocketConnection.Configuration(
        addresses: try addresses, servers: servers,
        congestion: CongestionControllers.named(congestionControl).map {
          CongestionSettings(controller: $0, limits: .chromium)
        }),
      video: VP8Settings(
        width: source.width, height: source.height, bitrate: bitrate,
        framesPerSecond: max(1, Int(frameRate.rounded()))),
      channels: source.channels,
      expected: try expect.map { PictureMatcher(try PeerFile.pictures($0, for: "--expect")) }, folder: record)
  }

  /// Where media comes and goes: where the page is served, or for all addresses all that others can reach.
  private var addresses: [IPAddress] {
    get throws {
      guard let address = IPAddress(listen.address) else { preconditionFailure("an endpoint has an address") }
      guard address.isUnspecified else { return [address] }
      return try LocalAddresses.all().map(\.address).filter { !$0.isLoopback && $0.family == address.family }
    }
  }

  /// The servers as our connections and as the page take them.
  private func iceServers() throws -> (ours: [ICEServer], page: [PeerServer]) {
    let needsCredentials = iceServer.contains { $0.lowercased().hasPrefix("turn") }
    guard needsCredentials || (iceUsername == nil && icePassword == nil) else {
      throw CommandLineError.badValue(
        name: "--ice-username", found: "without a TURN server", allowed: "with --ice-server turn:… or turns:…")
    }
    var (ours, page): ([ICEServer], [PeerServer]) = ([], [])
    for url in iceServer {
      let isTURN = url.lowercased().hasPrefix("turn")
      let (username, password) = isTURN ? (iceUsername, icePassword) : (nil, nil)
      do throws(ICEServerError) {
        ours.append(try ICEServer(url: url, username: username, password: password))
      } catch {
        throw PeerOptionError.server(error)
      }
      page.append(PeerServer(url: url, username: username, password: password))
    }
    return (ours, page)
  }
}

/// What is wrong with the options of `rtcsim peer` beyond their form.
enum PeerOptionError: Error, Hashable, CustomStringConvertible {
  case file(option: String, FileError)
  case server(ICEServerError)

  var description: String {
    switch self {
    case .file(let option, let error): "\(option): \(error)"
    case .server(let error): "--ice-server: \(error)"
    }
  }
}
