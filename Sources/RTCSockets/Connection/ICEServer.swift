import Glibc
public import RTCPrimitives
public import RTCTransport

/// A STUN or TURN server as a URL names it, with the credentials for it.
///
/// `stun:192.0.2.1`, `turn:turn.example.org:3478?transport=tcp`, `turns:[2001:db8::1]`.
/// - SeeAlso: RFC 7064, RFC 7065, W3C webrtc-pc `RTCIceServer`
/// - Note: `stuns:` is refused: STUN over TLS finds no address that UDP could use.
public struct ICEServer: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    case stun
    case turn(RelayProtocol, username: String, password: String)
  }

  /// An IP address without brackets, or a name.
  public let host: String
  public let port: UInt16
  public let kind: Kind

  /// - Parameters:
  ///   - username: goes with `turn:` and `turns:` only, as does `password`.
  /// - Throws: `ICEServerError`.
  public init(url: String, username: String? = nil, password: String? = nil) throws(ICEServerError) {
    let parts = url.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let place = parts[0].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let scheme = place[0].lowercased()
    guard place.count == 2, ["stun", "turn", "turns"].contains(scheme) else { throw .unknownScheme(url) }
    let isSecure = scheme == "turns"
    guard let (host, port) = Self.parse(place[1]) else { throw .malformed(url) }
    self.host = host
    self.port = port ?? (isSecure ? TURN.tlsPort : TURN.port)
    guard scheme != "stun" else {
      guard parts.count == 1 else { throw .malformed(url) }
      guard username == nil, password == nil else { throw .needlessCredentials(url) }
      kind = .stun
      return
    }
    let relayProtocol: RelayProtocol
    switch (parts.count == 2 ? String(parts[1]) : nil, isSecure) {
    case (nil, true), ("transport=tcp", true): relayProtocol = .tls
    case (nil, false), ("transport=udp", false): relayProtocol = .udp
    case ("transport=tcp", false): relayProtocol = .tcp
    default: throw .unknownTransport(url)
    }
    guard let username, let password, !username.isEmpty else { throw .missingCredentials(url) }
    kind = .turn(relayProtocol, username: username, password: password)
  }

  var usesTLS: Bool {
    switch kind {
    case .turn(.tls, _, _): true
    case .stun, .turn: false
    }
  }

  /// Where the server is: of a name the first address of each family. May ask a name server and wait for it.
  ///
  /// - Throws: `ICEServerError.unknownHost`.
  public func resolve() throws(ICEServerError) -> [Endpoint] {
    if let address = IPAddress(host) { return [Endpoint(address, port)] }
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
    var first: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, nil, &hints, &first)
    guard status == 0 else { throw .unknownHost(host, reason: String(cString: gai_strerror(status))) }
    defer { freeaddrinfo(first) }
    var found: [Endpoint] = []
    var next = first
    while let entry = next?.pointee {
      next = entry.ai_next
      guard let pointer = entry.ai_addr, let address = SocketAddress(copying: pointer).endpoint?.address,
        !found.contains(where: { $0.address.family == address.family })
      else { continue }
      found.append(Endpoint(address, port))
    }
    return found
  }

  /// Host and port of `host[:port]`; the port is absent when none stands there.
  private static func parse(_ text: Substring) -> (host: String, port: UInt16?)? {
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      let host = String(text[text.index(after: text.startIndex)..<end])
      guard IPAddress(host)?.family == .ipv6, let port = parsePort(text[text.index(after: end)...]) else { return nil }
      return (host, port.value)
    }
    let end = text.firstIndex(of: ":") ?? text.endIndex
    let host = text[..<end]
    let isName = !host.isEmpty && host.utf8.allSatisfy { $0 == 45 || $0 == 46 || isLetterOrDigit($0) }
    guard isName, let port = parsePort(text[end...]) else { return nil }
    return (String(host), port.value)
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
  }

  /// The number behind a colon; `value` is absent where nothing stands at all.
  private static func parsePort(_ text: Substring) -> (value: UInt16?, Void)? {
    guard !text.isEmpty else { return (nil, ()) }
    let digits = text.dropFirst()
    guard text.first == ":", digits.utf8.allSatisfy({ (48...57).contains($0) }), let port = UInt16(digits), port > 0
    else { return nil }
    return (port, ())
  }
}

/// Why a URL names no server that can be used.
public enum ICEServerError: Error, Hashable, Sendable {
  case unknownScheme(String)
  case malformed(String)
  case unknownTransport(String)
  case missingCredentials(String)
  case needlessCredentials(String)
  case unknownHost(String, reason: String)
}

extension ICEServerError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownScheme(let url): "found '\(url)', allowed: stun:, turn: and turns: URLs"
    case .malformed(let url): "found '\(url)', allowed: stun:host[:port] or turn:host[:port][?transport=udp|tcp]"
    case .unknownTransport(let url):
      "found '\(url)', allowed: ?transport=udp or ?transport=tcp behind turn:, ?transport=tcp behind turns:"
    case .missingCredentials(let url): "\(url) needs a user name and a password"
    case .needlessCredentials(let url): "\(url) takes neither user name nor password"
    case .unknownHost(let host, let reason): "\(host): \(reason)"
    }
  }
}
