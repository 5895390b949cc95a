/// One of several encodings of a track that are sent at the same time.
///
/// - SeeAlso: RFC 8853, W3C webrtc-pc `RTCRtpEncodingParameters`
public struct LocalEncoding: Hashable, Sendable {
  /// Its restriction identifier (RFC 8851).
  public var rid: String
  public var ssrc: UInt32
  /// The source of its retransmissions; `nil` for none.
  public var retransmissionSSRC: UInt32?

  public init(rid: String, ssrc: UInt32, retransmissionSSRC: UInt32? = nil) {
    self.rid = rid
    self.ssrc = ssrc
    self.retransmissionSSRC = retransmissionSSRC
  }

  /// The identifiers of one to four encodings, the smallest picture first: quarter, half and full, as they are customary.
  static func rids(_ count: Int) -> ArraySlice<String> {
    count > 3 ? ["e", "q", "h", "f"] : ["q", "h", "f"].prefix(count)
  }
}
