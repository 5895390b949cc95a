import RTCPrimitives

/// `a=group`: sections that belong together, such as those of one transport (`BUNDLE`).
///
/// - SeeAlso: RFC 5888 §5, RFC 9143
public struct MediaGroup: Hashable, Sendable {
  public var semantics: String
  public var mids: [String]

  public init(semantics: String, mids: [String]) {
    self.semantics = semantics
    self.mids = mids
  }

  init(_ scanner: inout SDPScanner) throws(SDPError) {
    semantics = try scanner.token("the semantics of the group")
    mids = []
    while scanner.skip(.space) { try mids.append(scanner.token("an identification tag")) }
  }

  func write(into writer: inout ByteWriter) {
    writer.append(":\(semantics)")
    for mid in mids { writer.append(" \(mid)") }
  }
}
