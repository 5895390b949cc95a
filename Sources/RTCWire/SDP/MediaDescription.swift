import RTCPrimitives

/// One `m=` section.
///
/// - SeeAlso: RFC 8866 §5.14
public struct MediaDescription: Hashable, Sendable {
  /// `audio`, `video`, `application` or another media type.
  public var kind: String
  /// 0 rejects the section in an answer and disables it in an offer.
  public var port: UInt16
  /// How many consecutive ports are used, where it is stated.
  public var portCount: UInt16?
  /// The transport, such as `UDP/TLS/RTP/SAVPF`.
  public var transport: String
  /// Payload types of RTP, in order of preference, or formats of another transport.
  public var formats: [String]
  public var information: String?
  public var connections: [ConnectionData]
  public var bandwidths: [Bandwidth]
  public var key: String?
  public var attributes: [SDPAttribute]

  public init(
    kind: String, port: UInt16, transport: String, formats: [String], connection: ConnectionData? = nil,
    attributes: [SDPAttribute] = []
  ) {
    self.kind = kind
    self.port = port
    self.transport = transport
    self.formats = formats
    connections = connection.map { [$0] } ?? []
    bandwidths = []
    self.attributes = attributes
  }

  /// Whether the section carries RTP of any profile.
  public var isRTP: Bool { Self.isRTP(transport) }

  static func isRTP(_ transport: String) -> Bool {
    // What nearly every section says needs no taking apart.
    transport == "UDP/TLS/RTP/SAVPF" || transport.split(separator: "/").contains("RTP")
  }

  /// Whether the port is 0 and `a=bundle-only` does not say that this is meant otherwise (RFC 9143 §6).
  public var isRejected: Bool { port == 0 && !attributes.contains(.bundleOnly) }

  /// The payload types of an RTP section, in order of preference.
  public var payloadTypes: [UInt8] { isRTP ? formats.compactMap { UInt8($0) } : [] }

  func write(into writer: inout ByteWriter) {
    writer.append("m=\(kind) \(port)")
    if let portCount { writer.append("/\(portCount)") }
    writer.append(" \(transport) ")
    writer.append(joined: formats, separator: " ")
    writer.append("\r\n")
    if let information { writer.append("i=\(information)\r\n") }
    for connection in connections {
      writer.append("c=")
      connection.write(into: &writer)
      writer.append("\r\n")
    }
    for bandwidth in bandwidths { bandwidth.write(into: &writer) }
    if let key { writer.append("k=\(key)\r\n") }
    for attribute in attributes { attribute.writeLine(into: &writer) }
  }
}

extension MediaDescription: CustomStringConvertible {
  /// The section's lines, each ended by CRLF.
  public var description: String {
    var writer = ByteWriter()
    write(into: &writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}

/// A `b=` line, such as `AS:500` (kilobits per second, with the overhead of IP and UDP).
///
/// - SeeAlso: RFC 8866 §5.8
public struct Bandwidth: Hashable, Sendable {
  /// `CT`, `AS`, `TIAS`, `RS`, `RR` or another type; it decides the unit of `value`.
  public var kind: String
  public var value: UInt64

  public init(kind: String, value: UInt64) {
    self.kind = kind
    self.value = value
  }

  init(_ scanner: inout SDPScanner) throws(SDPError) {
    kind = try scanner.token("a bandwidth type")
    try scanner.expect(.colon, "a colon")
    value = try scanner.number("a bandwidth")
  }

  func write(into writer: inout ByteWriter) { writer.append("b=\(kind):\(value)\r\n") }
}
