import RTCPrimitives

/// A ClientHello or ServerHello: what one side knows, or what the other chose of it.
///
/// Ranges are offsets in the datagram.
/// - SeeAlso: RFC 5246 §7.4.1, RFC 6347 §4.2.1
public struct DTLSHello: Hashable, Sendable {
  /// One extension, not interpreted.
  public struct Extension: Hashable, Sendable {
    /// As in IANA's registry of TLS ExtensionType values; 14 is `use_srtp`.
    public let type: UInt16
    public let body: Range<Int>
  }

  public let version: UInt16
  public let random: Range<Int>
  public let sessionID: Range<Int>
  /// `nil` in a ServerHello, which has none.
  public let cookie: Range<Int>?
  /// Where the offered suites stand, two bytes each; in a ServerHello the chosen one.
  public let cipherSuites: Range<Int>
  public let extensions: [Extension]

  /// - Returns: `nil` for other messages and for a part of one.
  /// - Throws: where the message ended too early.
  public init?(_ fragment: DTLSHandshakeFragment, of datagram: Span<UInt8>) throws(TruncatedInput) {
    let isClient = fragment.type == .clientHello
    guard isClient || fragment.type == .serverHello, fragment.isWhole else { return nil }
    var reader = ByteReader(datagram, in: fragment.body)
    version = try reader.readUInt16()
    random = try reader.range(32)
    sessionID = try reader.range(Int(reader.readUInt8()))
    cookie = isClient ? try reader.range(Int(reader.readUInt8())) : nil
    cipherSuites = try reader.range(isClient ? Int(reader.readUInt16()) : 2)
    try reader.skip(isClient ? Int(reader.readUInt8()) : 1)
    var extensions: [Extension] = []
    if !reader.isAtEnd {
      let all = try reader.range(Int(reader.readUInt16()))
      var reader = ByteReader(datagram, in: all)
      while !reader.isAtEnd {
        let type = try reader.readUInt16()
        extensions.append(Extension(type: type, body: try reader.range(Int(reader.readUInt16()))))
      }
    }
    self.extensions = extensions
  }
}

extension ByteReader {
  /// Passes over `count` bytes and says where they stand.
  @_lifetime(self: copy self)
  fileprivate mutating func range(_ count: Int) throws(TruncatedInput) -> Range<Int> {
    let begin = offset
    try skip(count)
    return begin..<offset
  }
}
