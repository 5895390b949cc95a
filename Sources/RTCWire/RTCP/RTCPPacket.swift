import RTCPrimitives

/// One message of a compound RTCP packet.
public enum RTCPPacket: Hashable, Sendable {
  case senderReport(SenderReport)
  case receiverReport(ReceiverReport)
  case sourceDescription(SourceDescription)
  case goodbye(Goodbye)
  case applicationDefined(ApplicationDefined)
  case genericNACK(GenericNACK)
  case transportFeedback(TransportFeedback)
  case pictureLossIndication(PictureLossIndication)
  case fullIntraRequest(FullIntraRequest)
  case receiverEstimatedMaximumBitrate(ReceiverEstimatedMaximumBitrate)
  case extendedReport(ExtendedReport)
  case unknown(UnknownRTCPPacket)

  init(parsing body: borrowing RTCPBody) throws(RTCPError) {
    switch body.type {
    case .senderReport: self = .senderReport(try SenderReport(parsing: body))
    case .receiverReport: self = .receiverReport(try ReceiverReport(parsing: body))
    case .sourceDescription: self = .sourceDescription(try SourceDescription(parsing: body))
    case .goodbye: self = .goodbye(try Goodbye(parsing: body))
    case .applicationDefined: self = .applicationDefined(try ApplicationDefined(parsing: body))
    case .transportLayerFeedback:
      switch body.count {
      case RTCPFeedbackFormat.genericNACK: self = .genericNACK(try GenericNACK(parsing: body))
      case RTCPFeedbackFormat.transportFeedback: self = .transportFeedback(try TransportFeedback(parsing: body))
      default: self = .unknown(try UnknownRTCPPacket(parsing: body))
      }
    case .payloadSpecificFeedback:
      switch body.count {
      case RTCPFeedbackFormat.pictureLossIndication:
        self = .pictureLossIndication(try PictureLossIndication(parsing: body))
      case RTCPFeedbackFormat.fullIntraRequest: self = .fullIntraRequest(try FullIntraRequest(parsing: body))
      case RTCPFeedbackFormat.applicationLayer
      where body.size >= 12 && body.uint32(at: 8) == ReceiverEstimatedMaximumBitrate.identifier:
        self = .receiverEstimatedMaximumBitrate(try ReceiverEstimatedMaximumBitrate(parsing: body))
      default: self = .unknown(try UnknownRTCPPacket(parsing: body))
      }
    case .extendedReport: self = .extendedReport(try ExtendedReport(parsing: body))
    default: self = .unknown(try UnknownRTCPPacket(parsing: body))
    }
  }

  /// Appends the message as a packet of its own. One that is not whole words ends with padding; only the last
  /// message of a compound packet may do so, therefore compound packets are written with `RTCPCompound`.
  public func write(into writer: inout ByteWriter) {
    switch self {
    case .senderReport(let message): message.write(into: &writer)
    case .receiverReport(let message): message.write(into: &writer)
    case .sourceDescription(let message): message.write(into: &writer)
    case .goodbye(let message): message.write(into: &writer)
    case .applicationDefined(let message): message.write(into: &writer)
    case .genericNACK(let message): message.write(into: &writer)
    case .transportFeedback(let message): message.write(into: &writer)
    case .pictureLossIndication(let message): message.write(into: &writer)
    case .fullIntraRequest(let message): message.write(into: &writer)
    case .receiverEstimatedMaximumBitrate(let message): message.write(into: &writer)
    case .extendedReport(let message): message.write(into: &writer)
    case .unknown(let message): message.write(into: &writer)
    }
  }

  /// The usual abbreviation: SR, RR, SDES, BYE, APP, NACK, TWCC, PLI, FIR, REMB or XR; otherwise the packet type.
  public var name: String {
    switch self {
    case .senderReport: "SR"
    case .receiverReport: "RR"
    case .sourceDescription: "SDES"
    case .goodbye: "BYE"
    case .applicationDefined: "APP"
    case .genericNACK: "NACK"
    case .transportFeedback: "TWCC"
    case .pictureLossIndication: "PLI"
    case .fullIntraRequest: "FIR"
    case .receiverEstimatedMaximumBitrate: "REMB"
    case .extendedReport: "XR"
    case .unknown(let message): message.type.description
    }
  }
}
