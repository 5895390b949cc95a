import RTCPrimitives

/// `a=ssrc`: an attribute of one RTP source, such as its CNAME.
///
/// - SeeAlso: RFC 5576 §4.1
public struct SourceAttribute: Hashable, Sendable {
  public var ssrc: UInt32
  /// `nil` where only the source is named, as some implementations do.
  public var attribute: String?
  public var value: String?

  public init(ssrc: UInt32, attribute: String? = nil, value: String? = nil) {
    self.ssrc = ssrc
    self.attribute = attribute
    self.value = value
  }

  /// The CNAME that RTCP will carry for the source.
  public static func cname(_ name: String, of ssrc: UInt32) -> SourceAttribute {
    SourceAttribute(ssrc: ssrc, attribute: "cname", value: name)
  }

  init(_ scanner: inout SDPScanner) throws(SDPError) {
    ssrc = try scanner.number("an SSRC")
    guard !scanner.isAtEnd else { return }
    try scanner.expectSpace()
    attribute = try scanner.token("an attribute name")
    if scanner.skip(.colon) { value = scanner.rest() }
  }

  func write(into writer: inout ByteWriter) {
    writer.append(":\(ssrc)")
    guard let attribute else { return }
    writer.append(" \(attribute)")
    if let value { writer.append(":\(value)") }
  }
}

/// `a=ssrc-group`: how sources belong together, such as `FID` for a stream and its retransmissions.
///
/// - SeeAlso: RFC 5576 §4.2
public struct SourceGroup: Hashable, Sendable {
  public var semantics: String
  /// At least one.
  public var ssrcs: [UInt32]

  public init(semantics: String, ssrcs: [UInt32]) {
    self.semantics = semantics
    self.ssrcs = ssrcs
  }

  init(_ scanner: inout SDPScanner) throws(SDPError) {
    semantics = try scanner.token("the semantics of the group")
    ssrcs = []
    repeat {
      try scanner.expectSpace()
      try ssrcs.append(scanner.number("an SSRC"))
    } while !scanner.isAtEnd
  }

  func write(into writer: inout ByteWriter) {
    writer.append(":\(semantics)")
    for ssrc in ssrcs { writer.append(" \(ssrc)") }
  }
}
