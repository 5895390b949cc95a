import RTCPrimitives
import RTCWire

/// The flights of a DTLS 1.3 handshake as a model: their order, sizes, repetition and round trips, without any cryptography.
///
/// The library that is linked speaks DTLS 1.2 only. Where the number of round trips of DTLS 1.3 is asked for, this stands
/// in for it, and what rests on it says `modelled`. Nothing is authenticated, application data is readable, and its keys
/// are no secret.
/// ```
/// client                    server
///   │ ── ClientHello ───────► │
///   │ ◄─ ServerHello … Fin ── │
///   │ ── Certificate … Fin ─► │   the client is connected when it sends this, the server when it has it
///   │ ◄─ ACK ──────────────── │
/// ```
/// - SeeAlso: RFC 9147 §5.8
public struct ModelledDTLS: ~Copyable {
  /// Bytes of each flight, without the headers of records and fragments.
  public struct FlightSizes: Hashable, Sendable {
    public var clientHello: Int
    public var serverFlight: Int
    public var clientFlight: Int

    public init(clientHello: Int, serverFlight: Int, clientFlight: Int) {
      (self.clientHello, self.serverFlight, self.clientFlight) = (clientHello, serverFlight, clientFlight)
    }

    /// Chromium 156 with its post-quantum key share, as recorded: 1519, 1840 and 484 bytes of IP packets.
    public static let postQuantum = FlightSizes(clientHello: 1413, serverFlight: 1657, clientFlight: 431)
    /// X25519 and ECDSA certificates: every flight fits into one datagram.
    public static let elliptic = FlightSizes(clientHello: 260, serverFlight: 760, clientFlight: 431)
  }

  private enum Flight: UInt8 {
    case clientHello = 1
    case server = 2
    case client = 3
    case acknowledgement = 4
  }

  public let role: DTLSTransport.Role
  public private(set) var state = DTLSTransport.State.new
  public private(set) var retransmissions = 0
  public private(set) var nextTimeout: Instant?

  private let sizes: FlightSizes
  private var configuration: DTLSTransport.Configuration
  private var timeout: Duration
  private var sent: Flight?
  /// The parts of each flight that have arrived.
  private var arrived: [[Bool]] = Array(repeating: [], count: 5)
  private var sequenceNumber: UInt64 = 0
  private let random: UInt64
  private var peerRandom: UInt64 = 0

  /// - Parameter dice: makes the keys of this handshake differ from those of others.
  public init(
    role: DTLSTransport.Role, sizes: FlightSizes, configuration: DTLSTransport.Configuration, dice: UInt64
  ) {
    self.role = role
    self.sizes = sizes
    self.configuration = configuration
    timeout = configuration.initialRetransmissionTimeout
    random = dice
  }

  public mutating func start(at now: Instant, into output: inout DTLSTransport.Output) {
    guard state == .new else { return }
    state = .connecting
    if role == .client { send(.clientHello, at: now, into: &output) }
  }

  public mutating func handle(_ datagram: Span<UInt8>, at now: Instant, into output: inout DTLSTransport.Output) {
    if let range = DataRecord.content(of: datagram) {
      if state == .connected { output.append(message: datagram.extracting(range)) }
      return
    }
    guard state == .connecting || state == .connected, let part = Part(parsing: datagram),
      let flight = Flight(rawValue: part.flight)
    else { return }
    let number = Int(part.flight)
    let wasWhole = !arrived[number].isEmpty && arrived[number].allSatisfy(\.self)
    if arrived[number].count != part.count { arrived[number] = Array(repeating: false, count: part.count) }
    arrived[number][part.index] = true
    guard arrived[number].allSatisfy(\.self) else { return }
    if !wasWhole { peerRandom = part.random }
    take(flight, isRepeated: wasWhole && part.index == part.count - 1, isNew: !wasWhole, at: now, into: &output)
  }

  private mutating func take(
    _ flight: Flight, isRepeated: Bool, isNew: Bool, at now: Instant, into output: inout DTLSTransport.Output
  ) {
    guard isNew || isRepeated else { return }
    switch (role, flight) {
    case (.server, .clientHello):
      if isNew || sent == .server { send(.server, isRetransmission: !isNew, at: now, into: &output) }
    case (.client, .server):
      send(.client, isRetransmission: !isNew, at: now, into: &output)
      if isNew { connect(into: &output) }
    case (.server, .client):
      send(.acknowledgement, isRetransmission: !isNew, at: now, into: &output)
      if isNew { connect(into: &output) }
    case (.client, .acknowledgement): nextTimeout = nil
    default: break
    }
  }

  /// Sends application data; gives `false`, and sends nothing, unless connected and the message fits into one record.
  public mutating func send(_ message: Span<UInt8>, into output: inout DTLSTransport.Output) -> Bool {
    guard state == .connected, !message.isEmpty, message.count <= configuration.maxMessageSize else { return false }
    var writer = ByteWriter(reserving: message.count + DataRecord.overhead)
    DataRecord.write(message, sequenceNumber: sequenceNumber, into: &writer)
    sequenceNumber += 1
    output.append(writer.bytes.span)
    return true
  }

  /// Repeats the last flight if it is due at `now`.
  public mutating func handleTimeout(at now: Instant, into output: inout DTLSTransport.Output) {
    guard let due = nextTimeout, due <= now, let sent else { return }
    timeout = min(timeout * 2, .seconds(60))
    send(sent, isRetransmission: true, at: now, into: &output)
  }

  /// Takes another first timeout; a flight that waits for its answer waits that long from now on.
  public mutating func setRetransmissionTimeout(_ time: Duration, at now: Instant) {
    configuration.initialRetransmissionTimeout = time
    timeout = time
    if nextTimeout != nil { nextTimeout = now + time }
  }

  public mutating func close() {
    state = .closed
    nextTimeout = nil
  }

  private mutating func connect(into output: inout DTLSTransport.Output) {
    state = .connected
    let (client, server) = role == .client ? (random, peerRandom) : (peerRandom, random)
    let profile = configuration.srtpProfiles.first ?? .aeadAES128GCM
    var generator = SeededGenerator(seed: client ^ (server << 1 | server >> 63), stream: "modelled keys")
    let material = (0..<profile.keyingMaterialLength).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    guard let keys = try? SRTPKeys(profile: profile, keyingMaterial: material, isClient: role == .client) else {
      preconditionFailure("the material has the length that its profile asks for")
    }
    output.emit(.connected(keys))
  }

  private mutating func send(
    _ flight: Flight, isRetransmission: Bool = false, at now: Instant, into output: inout DTLSTransport.Output
  ) {
    if sent != flight { timeout = configuration.initialRetransmissionTimeout }
    sent = flight
    nextTimeout = flight == .acknowledgement ? nil : now + timeout
    if isRetransmission { retransmissions += 1 }
    let size: Int
    switch flight {
    case .clientHello: size = sizes.clientHello
    case .server: size = sizes.serverFlight
    case .client: size = sizes.clientFlight
    case .acknowledgement: size = 16
    }
    let room = configuration.mtu - Part.overhead - Part.trailer
    let count = (size + room - 1) / room
    var names = DTLSFlight()
    for index in 0..<count {
      let length = min(room, size - index * room)
      let part = Part(flight: flight.rawValue, index: index, count: count, random: random)
      var writer = ByteWriter(reserving: length + Part.overhead)
      part.write(length: length, sequenceNumber: sequenceNumber, into: &writer)
      sequenceNumber += 1
      output.append(writer.bytes.span)
      do { try names.append(writer.bytes.span) } catch {
        preconditionFailure("a part is a well-formed record: \(error)")
      }
    }
    output.emit(.sent(names, isRetransmission: isRetransmission))
  }
}

/// One datagram of a flight: a record with a handshake message whose body says which part of the flight it is.
private struct Part {
  let flight: UInt8
  let index: Int
  let count: Int
  let random: UInt64

  /// The headers of the record and of the fragment.
  static let overhead = DTLSRecord.headerSize + DTLSHandshakeFragment.headerSize
  /// A server's Finished, encrypted behind its ServerHello: the headers of a record, and 36 bytes.
  static let trailer = DTLSRecord.headerSize + 36
  private static let bodySize = 11

  init(flight: UInt8, index: Int, count: Int, random: UInt64) {
    (self.flight, self.index, self.count, self.random) = (flight, index, count, random)
  }

  init?(parsing datagram: Span<UInt8>) {
    guard datagram.count >= Self.overhead + Self.bodySize else { return nil }
    var reader = ByteReader(datagram, in: Self.overhead..<datagram.count)
    guard let flight = try? reader.readUInt8(), let index = try? reader.readUInt8(),
      let count = try? reader.readUInt8(), let random = try? reader.readUInt64(), index < count, count <= 16
    else { return nil }
    self.init(flight: flight, index: Int(index), count: Int(count), random: random)
  }

  /// - Parameter length: bytes of the message; the rest is zero.
  func write(length: Int, sequenceNumber: UInt64, into writer: inout ByteWriter) {
    // The first flights are readable, the others are of a later epoch, whose messages nobody but the peer reads.
    let isReadable = flight <= 2
    appendHeader(
      epoch: isReadable ? 0 : 2, sequenceNumber, length: length + DTLSHandshakeFragment.headerSize, to: &writer)
    writer.append(UInt32(flight == 1 ? 0x0100_0000 : 0x0200_0000) | UInt32(length))
    writer.append(UInt16(index))
    writer.append(UInt8(0))
    writer.append(UInt16(0))
    writer.append(UInt8(0))
    writer.append(UInt16(length))
    writer.append(flight)
    writer.append(UInt8(index))
    writer.append(UInt8(count))
    writer.append(random)
    for _ in Self.bodySize..<max(length, Self.bodySize) { writer.append(UInt8(0)) }
    guard flight == 2, index == count - 1 else { return }
    appendHeader(epoch: 2, sequenceNumber, length: Self.trailer - DTLSRecord.headerSize, to: &writer)
    writer.appendZeros(Self.trailer - DTLSRecord.headerSize)
  }

  private func appendHeader(epoch: UInt16, _ sequenceNumber: UInt64, length: Int, to writer: inout ByteWriter) {
    DTLSRecord.writeHeader(.handshake, epoch: epoch, sequenceNumber, length: length, into: &writer)
  }
}

/// A record of application data, as long as one of DTLS 1.3 with AES-GCM: RFC 9147 §4 has 5 bytes of header, one of
/// content type and 16 of tag. It bears the longer header of DTLS 1.2, so that what reads the wire knows it.
private enum DataRecord {
  static let overhead = 5 + 1 + 16
  private static let trailer = overhead - DTLSRecord.headerSize
  private static let epoch: UInt16 = 3

  /// Where the message of a datagram is that has this record; `nil` for any other.
  static func content(of datagram: Span<UInt8>) -> Range<Int>? {
    guard datagram.count > overhead, datagram[0] == DTLSRecord.ContentType.applicationData.rawValue,
      datagram.bigEndianUInt16(at: 3) == epoch,
      Int(datagram.bigEndianUInt16(at: 11)) == datagram.count - DTLSRecord.headerSize
    else { return nil }
    return DTLSRecord.headerSize..<datagram.count - trailer
  }

  static func write(_ message: Span<UInt8>, sequenceNumber: UInt64, into writer: inout ByteWriter) {
    DTLSRecord.writeHeader(
      .applicationData, epoch: epoch, sequenceNumber, length: message.count + trailer, into: &writer)
    writer.append(message)
    writer.appendZeros(trailer)
  }
}

extension DTLSRecord {
  fileprivate static func writeHeader(
    _ type: ContentType, epoch: UInt16, _ sequenceNumber: UInt64, length: Int, into writer: inout ByteWriter
  ) {
    writer.append(type.rawValue)
    writer.append(UInt16(0xFEFD))
    writer.append(epoch)
    writer.append(UInt16(truncatingIfNeeded: sequenceNumber >> 32))
    writer.append(UInt32(truncatingIfNeeded: sequenceNumber))
    writer.append(UInt16(length))
  }
}
