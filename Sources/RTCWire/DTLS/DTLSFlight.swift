import RTCPrimitives

/// The names of the messages that one or more datagrams carry, for ladder diagrams.
public struct DTLSFlight: Hashable, Sendable, CustomStringConvertible {
  /// One message of a flight.
  public enum Message: Hashable, Sendable, CustomStringConvertible {
    case handshake(DTLSHandshakeType)
    case changeCipherSpec
    /// An encrypted handshake message. Without renegotiation, that is always `Finished`.
    case encryptedHandshake
    case alert(DTLSAlert)
    case encryptedAlert
    case applicationData

    public var description: String {
      switch self {
      case .handshake(let type): type.description
      case .changeCipherSpec: "ChangeCipherSpec"
      case .encryptedHandshake: "Finished"
      case .alert(let alert): "Alert(\(alert))"
      case .encryptedAlert: "Alert(encrypted)"
      case .applicationData: "ApplicationData"
      }
    }
  }

  /// In the order of the bytes; a message in fragments is listed once.
  public private(set) var messages: [Message] = []
  private var lastSequence: UInt16?

  public init() {}

  public var isEmpty: Bool { messages.isEmpty }

  /// The names with commas between, such as `ClientKeyExchange, ChangeCipherSpec, Finished`.
  public var description: String { messages.map(\.description).joined(separator: ", ") }

  /// Adds the messages of a datagram.
  ///
  /// - Throws: what is wrong with the datagram; the messages before that are kept.
  public mutating func append(_ datagram: Span<UInt8>) throws(DTLSRecordError) {
    var offset = 0
    while offset < datagram.count {
      let record = try DTLSRecord(parsing: datagram, at: offset)
      append(record)
      offset = record.range.upperBound
    }
  }

  private mutating func append(_ record: DTLSRecord) {
    switch record.content {
    case .changeCipherSpec: messages.append(.changeCipherSpec)
    case .alert(let alert): messages.append(.alert(alert))
    case .applicationData: messages.append(.applicationData)
    case .handshake(let fragments):
      for fragment in fragments where fragment.messageSequence != lastSequence || messages.isEmpty {
        lastSequence = fragment.messageSequence
        messages.append(.handshake(fragment.type))
      }
    case .encrypted:
      switch record.contentType {
      case .handshake: messages.append(.encryptedHandshake)
      case .alert: messages.append(.encryptedAlert)
      case .changeCipherSpec: messages.append(.changeCipherSpec)
      case .applicationData: messages.append(.applicationData)
      }
    }
  }
}
