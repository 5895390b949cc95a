import RTCPrimitives
import RTCTransport
import RTCWire

/// The data channels of a connection over one SCTP association: which there are, how they open and close.
///
/// - SeeAlso: RFC 8831, RFC 8832, W3C webrtc-pc §6
package struct DataChannelSet<Association: SCTPAssociation & ~Copyable>: ~Copyable {
  /// By id: those that are not closed.
  private(set) var channels: [Int: DataChannel] = [:]
  /// Their ids, the oldest first.
  private(set) var ids: [Int] = []
  /// How many have been opened, and closed after that.
  private(set) var opened = 0
  private(set) var closed = 0
  /// Messages that belong to no channel, or are not what their identifier says.
  private(set) var droppedMessages = 0
  private var association: Association?
  private var output = SCTPOutput()
  private var idsOfStreams: [UInt16: Int] = [:]
  /// Channels of which more waits than their threshold.
  private var filled: [Int] = []
  private var nextID = 0
  /// Streams in each direction; the most that there may be, before the association is connected.
  private(set) var streams = Int(SCTPConfiguration().streams)
  private var role: DTLSTransport.Role?
  private(set) var isClosed = false
  private let maxMessageSize = SCTPConfiguration.maxMessageSize

  package init() {}

  /// Whether an association was begun.
  package var hasAssociation: Bool {
    switch association {
    case .some: true
    case .none: false
    }
  }

  package var nextTimeout: Instant? {
    switch association {
    case .some(let association): association.nextTimeout
    case .none: nil
    }
  }

  /// A channel with what waits on it; `nil` when it is closed or never was.
  subscript(_ id: Int) -> DataChannel? { channels[id] }

  func bufferedAmount(of id: Int) -> Int {
    guard let stream = channels[id]?.stream else { return 0 }
    switch association {
    case .some(let association): return association.bufferedAmount(of: stream)
    case .none: return 0
    }
  }

  /// Of all channels.
  var bufferedAmount: Int {
    switch association {
    case .some(let association): association.bufferedAmount
    case .none: 0
    }
  }

  // MARK: The application

  /// Makes a channel, which opens when the association is connected.
  package mutating func create(
    label: String, _ options: DataChannelOptions, at now: Instant, into events: inout [DataChannelEvent]
  ) throws(DataChannelError) -> Int {
    guard !isClosed else { throw .connectionClosed }
    try options.check(label: label)
    if options.isNegotiated, let stream = options.id {
      guard idsOfStreams[stream] == nil else { throw .idInUse(stream) }
      guard Int(stream) < streams else { throw .idTooLarge(stream, streams: streams) }
    }
    let id = insert { id in
      DataChannel(
        id: id, stream: options.isNegotiated ? options.id : nil, label: label, subprotocol: options.subprotocol,
        isOrdered: options.isOrdered, reliability: options.reliability, isNegotiated: options.isNegotiated,
        priority: options.priority)
    }
    if isConnected { open(id, at: now, into: &events) }
    settle(at: now, into: &events)
    return id
  }

  package mutating func send(
    _ message: DataChannelMessage, on id: Int, at now: Instant, into events: inout [DataChannelEvent]
  ) throws(DataChannelError) {
    guard let channel = channels[id] else { throw .unknownChannel(id) }
    guard channel.state == .open, let stream = channel.stream else { throw .notOpen(channel.state) }
    let (payload, bytes) = message.encoded
    try transmit(
      SCTPMessage(stream: stream, ppid: payload.rawValue, bytes: bytes),
      isOrdered: channel.isOrdered || channel.isUnacknowledged, reliability: channel.reliability, at: now)
    channels[id]?.statistics.messagesSent += 1
    channels[id]?.statistics.bytesSent += message.byteCount
    noteBuffered(id)
    settle(at: now, into: &events)
  }

  /// Closes a channel once what was sent on it has gone.
  mutating func close(_ id: Int, at now: Instant, into events: inout [DataChannelEvent]) {
    guard let channel = channels[id], channel.state == .connecting || channel.state == .open else { return }
    guard isConnected, let stream = channel.stream else { return finish(id, into: &events) }
    channels[id]?.state = .closing
    association?.resetStreams([stream], at: now, into: &output)
    settle(at: now, into: &events)
  }

  /// Says whether what the peer sends is taken, or fills the receive window.
  mutating func setReading(_ isReading: Bool, at now: Instant, into events: inout [DataChannelEvent]) {
    association?.setReading(isReading, at: now, into: &output)
    settle(at: now, into: &events)
  }

  mutating func setThreshold(_ bytes: Int, of id: Int) {
    channels[id]?.bufferedAmountLowThreshold = max(0, bytes)
    noteBuffered(id)
  }

  // MARK: The transport

  /// Begins the association. The DTLS role decides who takes which streams (RFC 8832 §6).
  package mutating func start(
    _ association: consuming Association, role: DTLSTransport.Role, at now: Instant,
    into events: inout [DataChannelEvent]
  ) {
    guard !hasAssociation, !isClosed else { return }
    self.role = role
    self.association = consume association
    self.association?.connect(at: now, into: &output)
    settle(at: now, into: &events)
  }

  package mutating func handle(_ packet: Span<UInt8>, at now: Instant, into events: inout [DataChannelEvent]) {
    association?.handle(packet, at: now, into: &output)
    settle(at: now, into: &events)
  }

  package mutating func handleTimeout(at now: Instant, into events: inout [DataChannelEvent]) {
    association?.handleTimeout(at: now, into: &output)
    settle(at: now, into: &events)
  }

  /// Aborts the association; all channels are closed.
  mutating func close(at now: Instant, into events: inout [DataChannelEvent]) {
    association?.close(at: now, into: &output)
    settle(at: now, into: &events)
    end(into: &events)
  }

  /// Hands over the packets for the peer.
  package mutating func drainPackets(_ body: (Span<UInt8>) -> Void) {
    var taken = SCTPOutput()
    swap(&taken, &output)
    for index in 0..<taken.packetCount { body(taken.packet(index)) }
    taken.removeAll()
    swap(&taken, &output)
  }

  /// Whether the association is there.
  package var isConnected: Bool { associationState == .connected }

  /// `nil` before the association is begun.
  var associationState: SCTPAssociationState? {
    switch association {
    case .some(let association): association.state
    case .none: nil
    }
  }

  /// Follows what the association tells until it tells nothing more.
  private mutating func settle(at now: Instant, into events: inout [DataChannelEvent]) {
    while !output.events.isEmpty {
      for event in output.takeEvents() { follow(event, at: now, into: &events) }
    }
    for id in filled where bufferedAmount(of: id) <= channels[id]?.bufferedAmountLowThreshold ?? 0 {
      channels[id]?.isAboveThreshold = false
      if channels[id]?.state == .open { events.append(.bufferedAmountLow(id)) }
    }
    filled.removeAll { channels[$0]?.isAboveThreshold != true }
  }

  private mutating func follow(_ event: SCTPEvent, at now: Instant, into events: inout [DataChannelEvent]) {
    switch event {
    case .connected(let outbound, let inbound):
      streams = min(outbound, inbound)
      for id in ids { open(id, at: now, into: &events) }
    case .message(let message): receive(message, at: now, into: &events)
    case .incomingStreamsReset(let reset):
      for id in concerned(by: reset) {
        channels[id]?.hasResetIncoming = true
        if channels[id]?.state == .open {
          channels[id]?.state = .closing
          events.append(.closing(id))
          if let stream = channels[id]?.stream { association?.resetStreams([stream], at: now, into: &output) }
        }
        finishIfReset(id, into: &events)
      }
    case .outgoingStreamsReset(let reset):
      for id in concerned(by: reset) {
        channels[id]?.hasResetOutgoing = true
        finishIfReset(id, into: &events)
      }
    case .closed: end(into: &events)
    }
  }

  /// The channels of some streams; none stands for all (RFC 6525 §4.1).
  private func concerned(by streams: [UInt16]) -> [Int] {
    streams.isEmpty ? ids : streams.compactMap { idsOfStreams[$0] }
  }

  /// Gives a channel its stream and tells the peer of it.
  private mutating func open(_ id: Int, at now: Instant, into events: inout [DataChannelEvent]) {
    guard let channel = channels[id], channel.state == .connecting else { return }
    guard let stream = channel.stream ?? freeStream(), Int(stream) < streams else { return finish(id, into: &events) }
    channels[id]?.stream = stream
    idsOfStreams[stream] = id
    if !channel.isNegotiated {
      let message = DCEPMessage.open(
        DataChannelOpen(
          isOrdered: channel.isOrdered, reliability: channel.reliability, priority: channel.priority,
          label: channel.label, subprotocol: channel.subprotocol))
      guard (try? transmit(message, on: stream, at: now)) != nil else { return finish(id, into: &events) }
      channels[id]?.isUnacknowledged = true
    }
    noteOpen(id, into: &events)
  }

  /// The lowest stream of ours that no channel has: even ones are the DTLS client's, odd ones the server's.
  private func freeStream() -> UInt16? {
    guard let role else { return nil }
    let first = role == .client ? 0 : 1
    return stride(from: first, to: streams, by: 2).lazy.map { UInt16($0) }.first { idsOfStreams[$0] == nil }
  }

  private mutating func noteOpen(_ id: Int, into events: inout [DataChannelEvent]) {
    channels[id]?.state = .open
    opened += 1
    events.append(.opened(id))
  }

  private mutating func insert(_ make: (Int) -> DataChannel) -> Int {
    let channel = make(nextID)
    nextID += 1
    channels[channel.id] = channel
    ids.append(channel.id)
    if let stream = channel.stream { idsOfStreams[stream] = channel.id }
    return channel.id
  }

  private mutating func finishIfReset(_ id: Int, into events: inout [DataChannelEvent]) {
    if let channel = channels[id], channel.hasResetIncoming, channel.hasResetOutgoing { finish(id, into: &events) }
  }

  private mutating func finish(_ id: Int, into events: inout [DataChannelEvent]) {
    guard let channel = channels.removeValue(forKey: id) else { return }
    ids.removeAll { $0 == id }
    if let stream = channel.stream, idsOfStreams[stream] == id { idsOfStreams[stream] = nil }
    if channel.state != .connecting { closed += 1 }
    events.append(.closed(id))
  }

  private mutating func end(into events: inout [DataChannelEvent]) {
    isClosed = true
    for id in ids { finish(id, into: &events) }
  }

  private mutating func noteBuffered(_ id: Int) {
    guard let channel = channels[id], !channel.isAboveThreshold,
      bufferedAmount(of: id) > channel.bufferedAmountLowThreshold
    else { return }
    channels[id]?.isAboveThreshold = true
    filled.append(id)
  }

  private mutating func transmit(
    _ message: SCTPMessage, isOrdered: Bool, reliability: DataChannelReliability, at now: Instant
  ) throws(DataChannelError) {
    do throws(SCTPError) {
      try association?.send(message, isOrdered: isOrdered, reliability: reliability, at: now, into: &output)
    } catch {
      throw .sending(error)
    }
  }

  /// Sends a message of the establishment protocol: in order and reliably (RFC 8832 §5).
  private mutating func transmit(
    _ message: DCEPMessage, on stream: UInt16, at now: Instant
  ) throws(DataChannelError) {
    var writer = ByteWriter()
    message.write(into: &writer)
    let whole = SCTPMessage(stream: stream, ppid: DataChannelPayload.dcep.rawValue, bytes: writer.bytes)
    try transmit(whole, isOrdered: true, reliability: .reliable, at: now)
  }
}

// MARK: What arrives

extension DataChannelSet where Association: ~Copyable {
  fileprivate mutating func receive(_ message: SCTPMessage, at now: Instant, into events: inout [DataChannelEvent]) {
    let id = idsOfStreams[message.stream]
    guard let payload = DataChannelPayload(rawValue: message.ppid) else {
      droppedMessages += 1
      return
    }
    guard payload != .dcep else { return receiveControl(message, id, at: now, into: &events) }
    guard let id, let channel = channels[id], channel.state == .open else {
      droppedMessages += 1
      return
    }
    channels[id]?.isUnacknowledged = false
    guard channel.partial.count + message.bytes.count <= maxMessageSize else {
      return reject(message.stream, id, at: now, into: &events)
    }
    switch payload {
    case .dcep: break
    case .binaryPartial, .stringPartial: channels[id]?.partial += message.bytes
    case .string: deliver(.text(String(decoding: whole(message.bytes, id), as: UTF8.self)), id, into: &events)
    case .binary: deliver(.binary(whole(message.bytes, id)), id, into: &events)
    case .stringEmpty: deliver(.text(""), id, into: &events)
    case .binaryEmpty: deliver(.binary([]), id, into: &events)
    }
  }

  /// A message with the parts that came before it.
  private mutating func whole(_ bytes: [UInt8], _ id: Int) -> [UInt8] {
    guard let partial = channels[id]?.partial, !partial.isEmpty else { return bytes }
    channels[id]?.partial = []
    return partial + bytes
  }

  private mutating func deliver(_ message: DataChannelMessage, _ id: Int, into events: inout [DataChannelEvent]) {
    channels[id]?.statistics.messagesReceived += 1
    channels[id]?.statistics.bytesReceived += message.byteCount
    events.append(.message(id, message))
  }

  private mutating func receiveControl(
    _ message: SCTPMessage, _ id: Int?, at now: Instant, into events: inout [DataChannelEvent]
  ) {
    switch try? DCEPMessage(parsing: message.bytes.span) {
    case .acknowledgement:
      guard let id else {
        droppedMessages += 1
        return
      }
      channels[id]?.isUnacknowledged = false
    case .open(let request):
      guard id == nil, isPeers(message.stream) else { return reject(message.stream, id, at: now, into: &events) }
      announce(request, on: message.stream, at: now, into: &events)
    case nil: reject(message.stream, id, at: now, into: &events)
    }
  }

  /// Whether the peer may open a channel on a stream: not on those that are ours by the DTLS role.
  private func isPeers(_ stream: UInt16) -> Bool {
    stream < UInt16.max && Int(stream) < streams && (stream & 1 == 0) == (role == .server)
  }

  private mutating func announce(
    _ request: DataChannelOpen, on stream: UInt16, at now: Instant, into events: inout [DataChannelEvent]
  ) {
    let id = insert { id in
      DataChannel(
        id: id, stream: stream, label: request.label, subprotocol: request.subprotocol, isOrdered: request.isOrdered,
        reliability: request.reliability, isNegotiated: false, priority: request.priority)
    }
    events.append(.announced(id))
    noteOpen(id, into: &events)
    // Without room for the answer the peer goes on sending in order, as long as it has none.
    try? transmit(.acknowledgement, on: stream, at: now)
  }

  /// Closes what a malformed or misplaced message came on, and nothing else (RFC 8832 §6).
  private mutating func reject(
    _ stream: UInt16, _ id: Int?, at now: Instant, into events: inout [DataChannelEvent]
  ) {
    droppedMessages += 1
    if let id, channels[id]?.state == .open {
      channels[id]?.state = .closing
      events.append(.closing(id))
    }
    association?.resetStreams([stream], at: now, into: &output)
  }
}

extension DataChannelMessage {
  /// What SCTP carries for it: one byte stands for none, because there are no empty messages (RFC 8831 §6.6).
  fileprivate var encoded: (payload: DataChannelPayload, bytes: [UInt8]) {
    switch self {
    case .text(let text): text.isEmpty ? (.stringEmpty, [0]) : (.string, Array(text.utf8))
    case .binary(let bytes): bytes.isEmpty ? (.binaryEmpty, [0]) : (.binary, bytes)
    }
  }
}
