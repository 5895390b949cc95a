import RTCPrimitives

/// `a=rtcp`: where RTCP goes without `a=rtcp-mux`.
///
/// - SeeAlso: RFC 3605 §2.1
public struct RTCPPort: Hashable, Sendable {
  public var port: UInt16
  public var address: ConnectionData?

  public init(port: UInt16, address: ConnectionData? = nil) {
    self.port = port
    self.address = address
  }

  init(_ scanner: inout SDPScanner) throws(SDPError) {
    port = try scanner.number("a port of 0 to 65535")
    if scanner.skip(.space) { address = try ConnectionData(&scanner) }
  }

  func write(into writer: inout ByteWriter) {
    writer.append(":\(port)")
    guard let address else { return }
    writer.append(" ")
    address.write(into: &writer)
  }
}
