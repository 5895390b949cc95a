import RTCPrimitives
import RTCWire

/// DTLS records, as far as they can be read without keys.
///
/// - SeeAlso: RFC 6347 §4.1
extension Inspector {
  func inspectDTLS(_ bytes: [UInt8]) throws(InspectionError) -> Inspection {
    let records: [DTLSRecord]
    do throws(DTLSRecordError) {
      records = try DTLSRecord.records(in: bytes.span)
    } catch {
      throw .malformed(.dtls, reason: "\(error)")
    }
    return Inspection(
      title: "DTLS, \(records.count) record\(records.count == 1 ? "" : "s"), \(bytes.count) bytes (RFC 6347): "
        + Self.flight(of: bytes),
      fields: records.flatMap { Self.fields(of: $0, in: bytes) }, of: bytes,
      json: ["kind": "dtls", "records": .array(records.map { $0.json })])
  }

  /// The names of the messages.
  static func flight(of bytes: [UInt8]) -> String {
    var flight = DTLSFlight()
    do throws(DTLSRecordError) {
      try flight.append(bytes.span)
      return "\(flight)"
    } catch {
      return "malformed \(error)"
    }
  }

  private static func fields(of record: DTLSRecord, in bytes: [UInt8]) -> [Inspection.Field] {
    let begin = record.range.lowerBound
    let body = begin + DTLSRecord.headerSize..<record.range.upperBound
    var fields: [Inspection.Field] = [
      .init(begin..<begin + 1, "content type", "\(record.contentType)", "RFC 6347 §4.1"),
      .init(begin + 1..<begin + 3, "version", DTLSRecord.name(ofVersion: record.version), record.versionRemark),
      .init(begin + 3..<begin + 5, "epoch", "\(record.epoch)", record.epoch == 0 ? "not encrypted" : "encrypted"),
      .init(begin + 5..<begin + 11, "sequence number", "\(record.sequenceNumber)", "within the epoch"),
      .init(begin + 11..<begin + 13, "length", "\(body.count)", "bytes of the fragment"),
    ]
    switch record.content {
    case .handshake(let fragments):
      for fragment in fragments { fields += [field(of: fragment)] + contents(of: fragment, in: bytes) }
    case .alert(let alert): fields.append(.init(body, "alert", "\(alert.level): \(alert)", "RFC 5246 §7.2"))
    case .changeCipherSpec: fields.append(.init(body, "change cipher spec", "1", "RFC 5246 §7.1"))
    case .applicationData: fields.append(.init(body, "application data", "\(body.count) bytes"))
    case .encrypted: fields.append(.init(body, "encrypted fragment", "\(body.count) bytes", "needs the keys"))
    }
    return fields
  }

  private static func field(of fragment: DTLSHandshakeFragment) -> Inspection.Field {
    let end = fragment.fragmentOffset + fragment.body.count
    let part = fragment.isWhole ? "" : ", bytes \(fragment.fragmentOffset)..<\(end) of \(fragment.messageLength)"
    return .init(
      fragment.body.lowerBound - DTLSHandshakeFragment.headerSize..<fragment.body.upperBound, "\(fragment.type)",
      "message \(fragment.messageSequence), \(fragment.body.count) bytes\(part)", "RFC 6347 §4.2.2")
  }
}

extension DTLSRecord {
  /// A first ClientHello is sent in a record of the oldest version, so that every server can read it.
  fileprivate var versionRemark: String {
    guard version == 0xFEFF, case .handshake(let fragments) = content, fragments.first?.type == .clientHello else {
      return "RFC 6347 §4.1"
    }
    return "of the record only; the ClientHello says which it knows"
  }

  static func name(ofVersion version: UInt16) -> String {
    switch version {
    case 0xFEFF: "DTLS 1.0"
    case 0xFEFD: "DTLS 1.2"
    default: version.hexadecimalNumber
    }
  }

  fileprivate var json: JSON {
    var json: JSON = [
      "contentType": .string("\(contentType)"), "version": .string(Self.name(ofVersion: version)), "epoch": JSON(epoch),
      "sequenceNumber": JSON(sequenceNumber), "length": JSON(range.count - Self.headerSize),
      "encrypted": .boolean(content == .encrypted),
    ]
    switch content {
    case .handshake(let fragments):
      json.append(
        "handshake",
        .array(
          fragments.map {
            [
              "type": .string("\($0.type)"), "messageSequence": JSON($0.messageSequence),
              "messageLength": JSON($0.messageLength), "fragmentOffset": JSON($0.fragmentOffset),
              "fragmentLength": JSON($0.body.count),
            ]
          }))
    case .alert(let alert):
      json.append("alert", ["level": .string("\(alert.level)"), "description": .string("\(alert)")])
    case .changeCipherSpec, .applicationData, .encrypted: break
    }
    return json
  }
}
