public import RTCPrimitives

/// A candidate as signalling carries it: `candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host`.
///
/// - SeeAlso: RFC 8839 §5.1, RFC 6544 §4.5 (TCP)
public struct ICECandidate: Hashable, Sendable {
  public enum Transport: String, Hashable, Sendable { case udp, tcp }

  public enum Kind: String, Hashable, Sendable { case host, srflx, prflx, relay }

  public enum TCPType: String, Hashable, Sendable { case active, passive, so }

  /// A pair of name and value after the fields that are known here, such as `network-cost 10`.
  public struct Extension: Hashable, Sendable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// 1 to 32 ICE characters.
  public var foundation: String
  /// 1 to 256.
  public var component: UInt16
  public var transport: Transport
  /// 1 to 2^31 − 1.
  public var priority: UInt32
  /// An IP address, an mDNS name that ends in `.local`, or another host name.
  public var address: String
  public var port: UInt16
  public var kind: Kind
  public var relatedAddress: String?
  public var relatedPort: UInt16?
  /// Stated exactly when `transport` is TCP.
  public var tcpType: TCPType?
  /// `generation`, `ufrag`, `network-cost` and others, in order.
  public var extensions: [Extension]

  public init(
    foundation: String, component: UInt16 = 1, transport: Transport = .udp, priority: UInt32, address: String,
    port: UInt16, kind: Kind, relatedAddress: String? = nil, relatedPort: UInt16? = nil, tcpType: TCPType? = nil,
    extensions: [Extension] = []
  ) {
    self.foundation = foundation
    self.component = component
    self.transport = transport
    self.priority = priority
    self.address = address
    self.port = port
    self.kind = kind
    self.relatedAddress = relatedAddress
    self.relatedPort = relatedPort
    self.tcpType = tcpType
    self.extensions = extensions
  }

  /// Parses `candidate:…`, what follows `a=`.
  public init(parsing text: some StringProtocol) throws(SDPError) {
    var scanner = SDPScanner(text)
    guard try scanner.token("candidate") == "candidate" else { throw scanner.error(expected: "candidate", at: 0) }
    try scanner.expect(.colon, "a colon")
    try self.init(&scanner)
    try scanner.expectEnd()
  }

  /// The address and port; `nil` when the address is a name.
  public var endpoint: Endpoint? { IPAddress(address).map { Endpoint($0, port) } }

  /// The related address and port, where both are stated and the address is no name.
  public var relatedEndpoint: Endpoint? {
    guard let relatedAddress, let relatedPort, let address = IPAddress(relatedAddress) else { return nil }
    return Endpoint(address, relatedPort)
  }

  /// Whether the address is an mDNS name.
  public var isMulticastName: Bool { address.lowercased().hasSuffix(".local") }

  /// The value of the first extension of this name.
  public func value(of name: String) -> String? { extensions.first { $0.name == name }?.value }

  /// The user name fragment that the candidate belongs to, where stated.
  public var ufrag: String? { value(of: "ufrag") }

  /// The generation of candidates, where stated.
  public var generation: String? { value(of: "generation") }
}

extension ICECandidate {
  init(_ scanner: inout SDPScanner) throws(SDPError) {
    let start = scanner.offset
    foundation = try scanner.run("a foundation of 1 to 32 ICE characters", of: \.isICECharacter)
    guard foundation.utf8.count <= 32 else {
      throw scanner.error(expected: "a foundation of 1 to 32 ICE characters", at: start)
    }
    try scanner.expectSpace()
    component = try scanner.number("a component of 1 to 256", in: 1...256)
    try scanner.expectSpace()
    let transportStart = scanner.offset
    guard let transport = try Transport(rawValue: scanner.token("udp or tcp").lowercased()) else {
      throw scanner.error(expected: "udp or tcp", at: transportStart)
    }
    self.transport = transport
    try scanner.expectSpace()
    priority = try scanner.number("a priority of 1 to 2147483647", in: 1...0x7FFF_FFFF)
    try scanner.expectSpace()
    address = try scanner.connectionAddress()
    try scanner.expectSpace()
    port = try scanner.number("a port of 0 to 65535")
    try scanner.expectSpace()
    let typStart = scanner.offset
    guard try scanner.token("typ") == "typ" else { throw scanner.error(expected: "typ", at: typStart) }
    try scanner.expectSpace()
    kind = try scanner.keyword(Kind.self, "host, srflx, prflx or relay")
    extensions = []
    while scanner.skip(.space) { try readPair(&scanner) }
    guard (tcpType != nil) == (transport == .tcp) else {
      throw scanner.error(expected: transport == .tcp ? "a tcptype (RFC 6544 §4.5)" : "no tcptype of a UDP candidate")
    }
  }

  private mutating func readPair(_ scanner: inout SDPScanner) throws(SDPError) {
    let name = try scanner.word("a name")
    try scanner.expectSpace()
    switch name {
    case "raddr" where relatedAddress == nil: relatedAddress = try scanner.connectionAddress()
    case "rport" where relatedPort == nil: relatedPort = try scanner.number("a port of 0 to 65535")
    case "tcptype" where tcpType == nil: tcpType = try scanner.keyword(TCPType.self, "active, passive or so")
    default: try extensions.append(Extension(name: name, value: scanner.word("a value")))
    }
  }

  func write(into writer: inout ByteWriter) {
    writer.append(
      ":\(foundation) \(component) \(transport.rawValue) \(priority) \(address) \(port) typ \(kind.rawValue)")
    if let relatedAddress { writer.append(" raddr \(relatedAddress)") }
    if let relatedPort { writer.append(" rport \(relatedPort)") }
    if let tcpType { writer.append(" tcptype \(tcpType.rawValue)") }
    for pair in extensions { writer.append(" \(pair.name) \(pair.value)") }
  }
}

extension ICECandidate: CustomStringConvertible, LosslessStringConvertible {
  /// `candidate:…`, what follows `a=`.
  public var description: String {
    var writer = ByteWriter()
    writer.append("candidate")
    write(into: &writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  public init?(_ text: String) {
    guard let candidate = try? ICECandidate(parsing: text) else { return nil }
    self = candidate
  }
}
