import RTCPrimitives
import RTCWire

/// What a datagram is at first sight: its protocol, a title and the STUN transaction that it belongs to.
struct MessageContent {
  let kind: Message.Kind
  let title: String
  var transaction: TransactionID?
  /// The source of an RTP packet.
  var ssrc: UInt32?
  /// What it holds, where a TURN server relays it.
  var inner: Message.Kind?
  /// Where records of application data of DTLS lie.
  var data: Range<Int>?

  /// A TCP segment is told by its flags: what it carries may be cut anywhere, and is encrypted by TLS.
  init(of bytes: Span<UInt8>, over transport: TransportProtocol = .udp, elided: Int) {
    guard transport == .udp else {
      self.init(kind: .tcp, title: Self.segmentTitle(bytes))
      return
    }
    switch Demultiplexer.classify(bytes) {
    case .stun: self.init(stun: bytes, elided: elided)
    case .dtls:
      var flight = DTLSFlight()
      let isWhole = (try? flight.append(bytes)) != nil
      self.init(kind: .dtls, title: isWhole && !flight.isEmpty ? "\(flight)" : "DTLS")
      if isWhole, flight.messages.first == .applicationData { data = 0..<bytes.count }
    case .rtp:
      self.init(kind: .rtp, title: "RTP, payload type \(bytes[1] & 0x7F)")
      ssrc = bytes.count >= 12 ? bytes.bigEndian(at: 8) : nil
    case .rtcp: self.init(kind: .rtcp, title: Self.reportTitle(bytes[1], count: bytes[0] & 0x1F))
    case .turnChannel where bytes.count > 4:
      self.init(
        relaying: MessageContent(of: bytes.extracting(droppingFirst: 4), elided: elided), in: "ChannelData", at: 4)
    case .turnChannel, .zrtp, .quic, .unknown: self.init(kind: .unknown, title: "unknown protocol")
    }
  }

  private init(kind: Message.Kind, title: String) {
    self.kind = kind
    self.title = title
  }

  private init(relaying content: MessageContent, in envelope: String, at offset: Int) {
    self.init(kind: .turn, title: "\(envelope): \(content.title)")
    (transaction, ssrc, inner) = (content.transaction, content.ssrc, content.kind)
    data = content.data.map { $0.lowerBound + offset..<$0.upperBound + offset }
  }

  private init(stun bytes: Span<UInt8>, elided: Int) {
    if let relayed = try? RelayIndication(parsing: bytes, elided: elided) {
      let content = MessageContent(of: bytes.extracting(relayed.range), elided: relayed.elided)
      self.init(relaying: content, in: "\(relayed.method) indication", at: relayed.range.lowerBound)
      return
    }
    guard let header = try? STUNHeader(parsing: bytes) else {
      self.init(kind: .stun, title: "malformed STUN")
      return
    }
    let outcome =
      switch header.messageClass {
      case .request: "request"
      case .indication: "indication"
      case .success: "success"
      case .error: "error"
      }
    self.init(kind: header.method == .binding ? .stun : .turn, title: "\(header.method) \(outcome)")
    transaction = header.transactionID
  }

  private static func segmentTitle(_ bytes: Span<UInt8>) -> String {
    guard let segment = try? TCPSegment(parsing: bytes) else { return "malformed TCP" }
    let names: [(TCPSegment.Flags, String)] = [
      (.synchronize, "SYN"), (.finish, "FIN"), (.reset, "RST"), (.acknowledge, "ACK"),
    ]
    let flags = names.filter { segment.flags.contains($0.0) }.map(\.1).joined(separator: ", ")
    return segment.dataRange.isEmpty ? "TCP \(flags)" : "TCP \(flags), \(segment.dataRange.count) bytes"
  }

  /// The first packet of a compound, whose type stays readable under SRTCP (RFC 3711 §3.4).
  private static func reportTitle(_ type: UInt8, count: UInt8) -> String {
    switch type {
    case 200: "RTCP sender report"
    case 201: "RTCP receiver report"
    case 203: "RTCP goodbye"
    // draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1
    case 205: count == 15 ? "RTCP transport-wide feedback" : "RTCP transport feedback"
    case 206: "RTCP payload feedback"
    default: "RTCP type \(type)"
    }
  }
}

extension Span<UInt8> {
  fileprivate func bigEndian(at offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 << 8 | UInt32(self[offset + $1]) }
  }
}
