/// A codec as it is offered and named on the command line.
public struct CodecDescription: Hashable, Sendable {
  /// The encoding name of the RTP payload format, as in `a=rtpmap`.
  public let name: String
  /// The dynamic payload type that is offered for it.
  public let payloadType: UInt8
  /// The RTP clock in hertz.
  public let clockRate: UInt32
  /// Channels in `a=rtpmap`; `nil` for video.
  public let channels: Int?
  /// The parameters of `a=fmtp`; empty when there are none.
  public let formatParameters: String
  /// The values of `a=rtcp-fb`.
  public let feedback: [String]
  /// One sentence for lists and help.
  public let summary: String

  package init(
    name: String, payloadType: UInt8, clockRate: UInt32, channels: Int? = nil, formatParameters: String = "",
    feedback: [String] = [], summary: String
  ) {
    self.name = name
    self.payloadType = payloadType
    self.clockRate = clockRate
    self.channels = channels
    self.formatParameters = formatParameters
    self.feedback = feedback
    self.summary = summary
  }
}

/// Every codec there is. Adding one is one file and one line here.
public enum Codecs {
  public static let audio: [CodecDescription] = [.opus]
  public static let video: [CodecDescription] = [.vp8]
}
