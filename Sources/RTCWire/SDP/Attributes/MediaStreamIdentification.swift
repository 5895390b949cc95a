import RTCPrimitives

/// `a=msid`: the MediaStream, and perhaps the track, that the section's media belongs to.
///
/// - SeeAlso: RFC 8830 §2
public struct MediaStreamIdentification: Hashable, Sendable {
  /// `-` for a track without a stream (RFC 9429 §5.2.1).
  public var stream: String
  public var track: String?

  public init(stream: String, track: String? = nil) {
    self.stream = stream
    self.track = track
  }

  init(_ scanner: inout SDPScanner) throws(SDPError) {
    stream = try scanner.token("a stream id")
    if scanner.skip(.space) { track = try scanner.token("a track id") }
  }

  func write(into writer: inout ByteWriter) {
    writer.append(":\(stream)")
    if let track { writer.append(" \(track)") }
  }
}
