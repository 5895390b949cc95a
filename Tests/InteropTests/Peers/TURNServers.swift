import Foundation
import RTCPrimitives
import RTCSockets
import RTCTransport
import Testing

/// TURN servers as processes of their own: ours and coturn's.
enum TURNServers {
  static let (user, password) = ("alice", "secret")
  static let loopback = IPAddress(127, 0, 0, 1)

  /// `rtcsim turn-server` at a free port.
  static func ours(
    _ options: [String] = ["--allow-private-relay"], limit: Duration = .seconds(60)
  ) throws -> (program: RunningProgram, Endpoint) {
    let program = try RunningProgram(Installed.rtcsim, limit: limit) { _ in
      ["turn-server", "--listen", "127.0.0.1:0", "--user", "\(user):\(password)"] + options
    }
    // Warnings may come before.
    var line = program.readLine()
    while !line.isEmpty, !line.hasPrefix("{") { line = program.readLine() }
    let status = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    let place = try #require((status["listening"] as? [String])?.first.flatMap { Endpoint($0) })
    return (program, place)
  }

  /// coturn's `turnserver` at free ports; `tls` is nowhere without a certificate.
  static func coturn(certificate: Certificate? = nil) throws -> (
    program: RunningProgram, plain: Endpoint, tls: Endpoint
  ) {
    let ports = try freePorts(2)
    let program = try RunningProgram(try #require(Installed.turnserver)) { folder in
      var arguments = [
        "-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", "--listening-port=\(ports[0])",
        "--tls-listening-port=\(ports[1])", "--min-port=20000", "--max-port=29999", "--lt-cred-mech",
        "--user=\(user):\(password)", "--realm=interop", "--allow-loopback-peers", "--no-cli", "--no-multicast-peers",
        "--no-dtls", "--pidfile=\(folder.path)/pid", "--log-file=\(folder.path)/log", "--simple-log",
        "--userdb=\(folder.path)/db",
      ]
      if let certificate {
        arguments += ["--cert=\(certificate.certificate.path)", "--pkey=\(certificate.key.path)"]
      } else {
        arguments += ["--no-tls"]
      }
      return arguments
    }
    let plain = Endpoint(loopback, ports[0])
    try waitUntilListening(plain, program)
    let tls = Endpoint(loopback, ports[1])
    if certificate != nil { try waitUntilListening(tls, program) }
    return (program, plain, tls)
  }

  /// Ports that were free a moment ago.
  static func freePorts(_ count: Int) throws -> [UInt16] {
    let loop = try SocketLoop()
    return try (0..<count).map { _ in try DatagramSocket(Endpoint(loopback, 0), on: loop) { _, _ in } }
      .map(\.local.port)
  }

  /// Tries to connect until it succeeds; the program has no other way to say that it is ready.
  private static func waitUntilListening(_ endpoint: Endpoint, _ program: RunningProgram) throws {
    for _ in 0..<500 where program.isRunning {
      if connects(to: endpoint) { return }
      usleep(20_000)
    }
    Issue.record("\(endpoint) does not listen: \(program.finish(SIGKILL).output)")
  }

  private static func connects(to endpoint: Endpoint) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = endpoint.port.bigEndian
    address.sin_addr.s_addr = endpoint.address.v4Bits.bigEndian
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    } == 0
  }
}

/// A certificate for 127.0.0.1 that only a test trusts, made by OpenSSL's program.
struct Certificate {
  let folder: URL
  var certificate: URL { folder.appending(path: "certificate.pem") }
  var key: URL { folder.appending(path: "key.pem") }

  /// - Parameter name: what it says it is, as in `subjectAltName`.
  init(for name: String = "IP:127.0.0.1", in folder: URL) throws {
    self.folder = folder
    let process = Process()
    process.executableURL = Installed.openssl
    process.arguments = [
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
      "/CN=interop", "-addext", "subjectAltName=\(name)", "-keyout", folder.appending(path: "key.pem").path, "-out",
      folder.appending(path: "certificate.pem").path,
    ]
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }

  var pem: [UInt8] { get throws { Array(try Data(contentsOf: certificate)) } }
}
