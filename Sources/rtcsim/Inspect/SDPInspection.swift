import RTCPrimitives
import RTCWire

/// Session descriptions.
///
/// - SeeAlso: RFC 8866, RFC 9429
extension Inspector {
  func inspectSDP(_ bytes: [UInt8]) throws(InspectionError) -> Inspection {
    let session: SessionDescription
    do throws(SDPError) {
      session = try SessionDescription(parsing: bytes)
    } catch {
      throw .malformed(.sdp, reason: Self.reason(error))
    }
    let sections = session.media.map { section in
      let mid = section.attributes.mid.map { " \($0)" } ?? ""
      let direction = section.isRejected ? "rejected" : section.direction(in: session)?.rawValue
      return "\(section.kind)\(mid)\(direction.map { " " + $0 } ?? "")"
    }
    return Inspection(
      title: "SDP, \(session.media.count) media sections (RFC 8866): \(sections.joined(separator: ", "))".printable,
      table: Self.table(ofLinesIn: bytes),
      json: [
        "kind": "sdp", "bundle": .array((session.bundleGroups.first ?? []).map(JSON.string)),
        "media": .array(session.media.map { $0.json(in: session) }),
      ])
  }

  private static func reason(_ error: SDPError) -> String {
    let place = "at offset \(error.location.offset) (line \(error.location.line), column \(error.location.column))"
    return switch error {
    case .unexpected(_, let found, let expected): "\(place): found \(found), expected \(expected)"
    case .limitExceeded(_, let what, let limit): "\(place): more than \(limit) \(what)"
    }
  }

  /// Columns that the text output gives a line.
  private static let lineLimit = 72

  private static func table(ofLinesIn bytes: [UInt8]) -> Table {
    var table = Table([.right("line"), .left("text"), .left("meaning")])
    let lines = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      let text = line.count > lineLimit ? line.prefix(lineLimit - 1) + "…" : line
      table.append(["\(index + 1)", String(text).printable, meaning(ofLine: line)])
    }
    return table
  }

  /// What a line of a description is for.
  static func meaning(ofLine line: some StringProtocol) -> String {
    guard line.first == "a" else { return line.first.flatMap { lineMeanings[$0] } ?? "" }
    let name = line.dropFirst(2).prefix { $0 != ":" }
    return attributeMeanings[String(name)] ?? ""
  }

  private static let lineMeanings: [Character: String] = [
    "v": "version, RFC 8866 §5.1", "o": "origin: who, session id, version, RFC 8866 §5.2",
    "s": "session name, RFC 8866 §5.3", "i": "information, RFC 8866 §5.4", "u": "URI, RFC 8866 §5.5",
    "e": "e-mail address, RFC 8866 §5.6", "p": "phone number, RFC 8866 §5.6",
    "c": "connection address, RFC 8866 §5.7", "b": "bandwidth, RFC 8866 §5.8", "t": "times, RFC 8866 §5.9",
    "r": "repeat times, RFC 8866 §5.10", "z": "time zones, RFC 8866 §5.11", "k": "key (obsolete), RFC 8866 §5.12",
    "m": "media section: kind, port, transport, formats, RFC 8866 §5.14",
  ]

  private static let attributeMeanings: [String: String] = [
    "group": "sections that share a transport, RFC 9143", "mid": "name of the section, RFC 5888 §4",
    "msid": "MediaStream and track, RFC 8830", "msid-semantic": "MediaStreams, an older draft of RFC 8830",
    "rtpmap": "payload type to codec, RFC 8866 §6.6", "fmtp": "parameters of a codec, RFC 8866 §6.15",
    "rtcp-fb": "feedback that may be sent, RFC 4585 §4.2", "extmap": "number of a header extension, RFC 8285 §5",
    "extmap-allow-mixed": "one- and two-byte extensions may mix, RFC 8285 §6",
    "rtcp": "port of RTCP without rtcp-mux, RFC 3605", "rtcp-mux": "RTP and RTCP on one port, RFC 5761 §5.1.1",
    "rtcp-mux-only": "never another port for RTCP, RFC 8858", "rtcp-rsize": "reduced-size RTCP, RFC 5506 §5",
    "ptime": "time per packet in ms, RFC 8866 §6.4", "maxptime": "longest time per packet in ms, RFC 8866 §6.5",
    "sendrecv": "sends and receives, RFC 8866 §6.7", "sendonly": "only sends, RFC 8866 §6.7",
    "recvonly": "only receives, RFC 8866 §6.7", "inactive": "neither, RFC 8866 §6.7",
    "ice-ufrag": "user name fragment of ICE, RFC 8839 §5.4", "ice-pwd": "password of ICE, RFC 8839 §5.4",
    "ice-options": "what the ICE agent can do, RFC 8839 §5.6", "ice-lite": "a lite ICE agent, RFC 8839 §5.3",
    "candidate": "an address to try, RFC 8839 §5.1", "end-of-candidates": "no more will follow, RFC 8840 §8.2",
    "fingerprint": "hash of the DTLS certificate, RFC 8122 §5", "setup": "who begins DTLS, RFC 4145 §4",
    "tls-id": "the DTLS association, RFC 8842 §4", "sctp-port": "SCTP over DTLS, RFC 8841 §5",
    "max-message-size": "largest data channel message in bytes, RFC 8841 §6",
    "bundle-only": "only as part of the bundle, RFC 9143 §6", "rid": "one encoding, RFC 8851",
    "simulcast": "encodings at the same time, RFC 8853 §5.1", "ssrc": "attribute of a source, RFC 5576 §4.1",
    "ssrc-group": "sources that belong together, RFC 5576 §4.2",
  ]
}

extension MediaDescription {
  fileprivate func json(in session: SessionDescription) -> JSON {
    [
      "mid": JSON(attributes.mid), "type": .string(kind), "direction": JSON(direction(in: session)?.rawValue),
      "port": JSON(port), "rejected": .boolean(isRejected), "codecs": .array(payloadTypes.map(codec)),
      "iceUfrag": JSON(session.iceUfrag(of: self)), "setup": JSON(session.setup(of: self)?.rawValue),
      "fingerprint": JSON(session.fingerprints(of: self).first?.description),
      "rids": .array(attributes.rids.map { .string($0.id) }), "candidates": JSON(attributes.candidates.count),
    ]
  }

  /// What is stated; RTP flows both ways where nothing is (RFC 8866 §6.7).
  fileprivate func direction(in session: SessionDescription) -> MediaDirection? {
    isRTP ? session.direction(of: self) : attributes.direction
  }

  private func codec(_ payloadType: UInt8) -> JSON {
    let map = attributes.rtpmaps.first { $0.payloadType == payloadType } ?? RTPMap.fixed[payloadType]
    let parameters = attributes.formatParameters.first { $0.payloadType == payloadType }
    let channels = map.flatMap { $0.channels ?? (kind == "audio" ? 1 : nil) }
    return [
      "payloadType": JSON(payloadType), "name": JSON(map?.encodingName),
      "clockRate": map.map { JSON($0.clockRate) } ?? nil,
      "channels": channels.map { JSON($0) } ?? nil, "fmtp": JSON(parameters?.text),
    ]
  }
}

extension RTPMap {
  /// Payload types that need no `a=rtpmap` and that WebRTC agents still offer (RFC 3551 §6).
  fileprivate static let fixed: [UInt8: RTPMap] = [
    0: RTPMap(payloadType: 0, encodingName: "PCMU", clockRate: 8000),
    8: RTPMap(payloadType: 8, encodingName: "PCMA", clockRate: 8000),
    9: RTPMap(payloadType: 9, encodingName: "G722", clockRate: 8000),
    13: RTPMap(payloadType: 13, encodingName: "CN", clockRate: 8000),
  ]
}
