import RTCPrimitives
import RTCWire

/// Answers Binding requests with the address they came from; keeps no state per client.
///
/// - SeeAlso: RFC 8489 §6.3, §12
/// - Note: Clients of RFC 3489, which know no magic cookie, get no answer.
public struct STUNServer: Sendable {
  /// The SOFTWARE attribute of responses; `nil` leaves it out.
  public var software: String?
  public private(set) var answered = 0
  /// Datagrams that were no Binding request, or a damaged one.
  public private(set) var discarded = 0

  public init(software: String? = nil) { self.software = software }

  /// Answers `datagram` if it is a Binding request, and counts it otherwise.
  public mutating func handle(_ datagram: borrowing Datagram, at now: Instant, into output: inout Transmissions) {
    guard datagram.elided == 0, STUNMessage.isSTUN(datagram.bytes),
      let request = try? STUNMessage(parsing: datagram.bytes), request.messageClass == .request,
      request.method == .binding
    else {
      discarded += 1
      return
    }
    let fingerprint = STUNMessage.fingerprintStatus(of: datagram.bytes)
    guard fingerprint != .invalid else {
      discarded += 1
      return
    }
    answered += 1
    let response = response(to: request, from: datagram.source)
    output.append(over: datagram.transport, from: datagram.destination, to: datagram.source) {
      response.write(into: &$0, fingerprint: fingerprint == .valid)
    }
  }

  private func response(to request: STUNMessage, from source: Endpoint) -> STUNMessage {
    let unknown = request.unknownRequiredTypes
    var attributes: [STUNAttribute] =
      unknown.isEmpty ? [.xorMappedAddress(source)] : [.errorCode(.unknownAttribute), .unknownAttributes(unknown)]
    if let software { attributes.append(.software(software)) }
    return STUNMessage(
      unknown.isEmpty ? .success : .error, .binding, transactionID: request.transactionID, attributes: attributes)
  }
}
