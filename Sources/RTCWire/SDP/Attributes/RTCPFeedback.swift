import RTCPrimitives

/// `a=rtcp-fb`: a kind of feedback that may be sent for a payload type.
///
/// - SeeAlso: RFC 4585 §4.2, RFC 5104 §7.1
public struct RTCPFeedback: Hashable, Sendable {
  /// `nil` stands for `*`, all payload types.
  public var payloadType: UInt8?
  /// `nack`, `ccm`, `ack`, `trr-int`, `goog-remb`, `transport-cc` or another.
  public var kind: String
  /// `pli`, `fir` and the like.
  public var parameter: String?

  public init(payloadType: UInt8?, kind: String, parameter: String? = nil) {
    self.payloadType = payloadType
    self.kind = kind
    self.parameter = parameter
  }

  init(_ scanner: inout SDPScanner) throws(SDPError) {
    payloadType = try scanner.skip(UInt8(ascii: "*")) ? nil : scanner.payloadType()
    try scanner.expectSpace()
    kind = try scanner.token("a feedback type")
    guard kind != "trr-int" else {
      try scanner.expectSpace()
      let interval: UInt32 = try scanner.number("milliseconds")
      parameter = String(interval)
      return
    }
    if scanner.skip(.space), !scanner.isAtEnd { parameter = scanner.rest() }
  }

  func write(into writer: inout ByteWriter) {
    writer.append(":")
    writer.append(payloadType.map { String($0) } ?? "*")
    writer.append(" \(kind)")
    if let parameter { writer.append(" \(parameter)") }
  }
}
