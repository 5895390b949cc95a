import RTCPrimitives
import RTCWire

/// Captures: every UDP datagram with its kind and a short decoding.
extension Inspector {
  func inspectCapture(_ bytes: [UInt8]) throws(InspectionError) -> Inspection {
    let capture = try Capture(parsing: bytes)
    if let odd = capture.packets.first(where: { !CapturedDatagram.supports($0.linkType) }) {
      throw .malformed(
        .pcap,
        reason:
          "at offset \(odd.range.lowerBound): link type \(odd.linkType), allowed: 1 (Ethernet), 101, 228 and 229 (IP), 113 and 276 (Linux)"
      )
    }
    var table = Table([
      .right("no."), .right("seconds"), .left("from"), .left("to"), .right("bytes"), .left("kind"), .left("what"),
    ])
    var datagrams: [JSON] = []
    for (index, packet) in capture.packets.enumerated() {
      guard let datagram = CapturedDatagram(packet, in: bytes) else { continue }
      let elided = datagram.size - datagram.payload.count
      let summary = Self.summary(of: Array(bytes[datagram.payload]), elided: elided)
      table.append([
        "\(index + 1)", Self.seconds(packet.time), "\(datagram.source)", "\(datagram.destination)", "\(datagram.size)",
        summary.kind, summary.text.printable,
      ])
      datagrams.append([
        "number": JSON(index + 1), "timeNanoseconds": JSON(packet.time), "source": .string("\(datagram.source)"),
        "destination": .string("\(datagram.destination)"), "length": JSON(datagram.size),
        "kind": .string(summary.kind), "summary": .string(summary.text),
      ])
    }
    return Inspection(
      title:
        "capture, \(capture.packets.count) packets, \(datagrams.count) UDP datagrams (bytes are of the UDP payload)",
      table: table,
      json: ["kind": "pcap", "packets": JSON(capture.packets.count), "datagrams": .array(datagrams)])
  }

  private static func seconds(_ nanoseconds: UInt64) -> String {
    let fraction = String(nanoseconds % 1_000_000_000)
    return "\(nanoseconds / 1_000_000_000)." + String(repeating: "0", count: 9 - fraction.count) + fraction
  }

  /// The kind of a UDP payload and what it is, in a few words; `elided` bytes of it are not there.
  ///
  /// - Parameter depth: how many wrappers (TURN) stand around it; hostile input could nest without end.
  static func summary(of bytes: [UInt8], elided: Int = 0, depth: Int = 0) -> (kind: String, text: String) {
    switch Demultiplexer.classify(bytes.span) {
    case .stun: ("stun", summarySTUN(of: bytes, depth: depth))
    case .dtls: ("dtls", flight(of: bytes))
    case .rtp: ("rtp", summaryRTP(of: bytes))
    case .rtcp: ("rtcp", summaryRTCP(of: bytes))
    case .turnChannel: ("channelData", summaryChannelData(of: bytes, elided: elided, depth: depth))
    case .zrtp: ("zrtp", "")
    case .quic: ("quic", "")
    case .unknown: ("unknown", "")
    }
  }

  private static func summarySTUN(of bytes: [UInt8], depth: Int) -> String {
    do throws(STUNError) {
      let message = try STUNMessage(parsing: bytes.span)
      let details = message.attributes.compactMap { attribute -> String? in
        switch attribute {
        case .useCandidate: "USE-CANDIDATE"
        case .iceControlling: "controlling"
        case .iceControlled: "controlled"
        case .username(let name): name
        case .xorMappedAddress(let endpoint): "mapped \(endpoint)"
        case .xorRelayedAddress(let endpoint): "relayed \(endpoint)"
        case .xorPeerAddress(let endpoint): "peer \(endpoint)"
        case .errorCode(let error): "\(error)"
        case .channelNumber(let channel): "channel \(channel.hexadecimalNumber)"
        case .lifetime(let seconds): "lifetime \(seconds) s"
        case .data(let data): "data of \(data.count) bytes, \(nested(data, depth: depth))"
        default: nil
        }
      }
      return (["\(message.method) \(message.messageClass)"] + details).joined(separator: ", ")
    } catch {
      return "malformed \(error)"
    }
  }

  private static func summaryRTP(of bytes: [UInt8]) -> String {
    do throws(RTPError) {
      let header = try RTPHeader(parsing: bytes.span)
      let marker = header.marker ? ", marker" : ""
      return
        "payload type \(header.payloadType), sequence \(header.sequenceNumber), timestamp \(header.timestamp), SSRC \(header.ssrc.hexadecimalNumber)\(marker)"
    } catch {
      return "malformed \(error)"
    }
  }

  /// Only the first header: what follows is encrypted in SRTCP (RFC 3711 §3.4).
  private static func summaryRTCP(of bytes: [UInt8]) -> String {
    guard bytes.count >= 8 else { return "malformed at offset 0: 8 bytes needed, \(bytes.count) left" }
    let names: [UInt8: String] = [
      200: "SR", 201: "RR", 202: "SDES", 203: "BYE", 204: "APP", 205: "transport feedback", 206: "payload feedback",
      207: "XR",
    ]
    let ssrc = bytes.span.bigEndianUInt32(at: 4)
    return "\(names[bytes[1]] ?? "packet type \(bytes[1])") first, from SSRC \(ssrc.hexadecimalNumber)"
  }

  private static func summaryChannelData(of bytes: [UInt8], elided: Int, depth: Int) -> String {
    do throws(STUNError) {
      let message = try ChannelData(parsing: bytes.span, elided: elided)
      let content = nested(Array(bytes[message.range]), elided: message.elided, depth: depth)
      return "channel \(message.channel.hexadecimalNumber), \(content)"
    } catch {
      return "malformed \(error)"
    }
  }

  private static func nested(_ bytes: [UInt8], elided: Int = 0, depth: Int) -> String {
    guard depth < 2 else { return "nested further" }
    let content = summary(of: bytes, elided: elided, depth: depth + 1)
    return content.text.isEmpty ? content.kind : "\(content.kind): \(content.text)"
  }
}
