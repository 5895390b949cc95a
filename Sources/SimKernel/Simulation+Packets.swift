import RTCPrimitives

/// Scheduling and packets: the hot path.
extension Simulation {
  @inlinable @inline(__always)
  func schedule(_ target: EventTarget, argument: UInt32, at instant: Instant) {
    queue.push(Event(time: max(instant, now).nanoseconds, sequence: sequence, target: target, argument: argument))
    sequence &+= 1
  }

  /// Calls `handler` with `argument` at `instant`, or now if that is past.
  @inlinable
  public func schedule(handler: Int, argument: UInt32, at instant: Instant) {
    schedule(EventTarget(.handler, handler), argument: argument, at: instant)
  }

  /// Delivers `packet` to `node` at `instant` and frees it afterwards.
  @inlinable
  public func deliver(_ packet: PacketHandle, to node: Int, at instant: Instant) {
    schedule(EventTarget(.receive, node), argument: packet.rawValue, at: instant)
  }

  /// Delivers `packet` to `node` within the current event and frees it afterwards.
  @inlinable
  public func deliverNow(_ packet: PacketHandle, to node: Int) {
    nodes[node]._withUnsafeGuaranteedRef { $0.deliver(packet) }
    slab.remove(packet)
  }

  /// Frees a packet that will not be delivered.
  @inlinable
  public func discard(_ packet: PacketHandle) { slab.remove(packet) }

  /// Reads or changes the record of a packet.
  @inlinable
  public subscript(_ packet: PacketHandle) -> PacketRecord {
    get { slab[packet] }
    _modify { yield &slab[packet] }
  }

  /// Makes a packet that travels outside the nodes' ports (a test, a benchmark).
  @inlinable
  public func makePacket(
    _ bytes: Span<UInt8>, elided: Int = 0, over transport: TransportProtocol = .udp, from source: Endpoint,
    to destination: Endpoint
  ) -> PacketHandle {
    slab.insert(bytes, elided: elided, over: transport, from: source, to: destination)
  }

  /// Makes another packet like `packet`, at the same place of its way.
  public func copy(_ packet: PacketHandle) -> PacketHandle {
    let record = slab[packet]
    let copy = slab.insert(
      Span(_unsafeElements: record.stored), elided: Int(record.elided), over: record.transport, from: record.source,
      to: record.destination)
    slab[copy].sender = record.sender
    slab[copy].location = record.location
    slab[copy].stage = record.stage
    return copy
  }

  /// Calls `body` with the stored bytes of a packet.
  public func withBytes<Result>(of packet: PacketHandle, _ body: (Span<UInt8>) -> Result) -> Result {
    body(Span(_unsafeElements: slab.bytes(of: packet)))
  }

  /// Combines a packet's time, endpoints, protocol, size and bytes with the digests.
  @inlinable
  public func hash(_ packet: PacketHandle) {
    let record = slab.records + Int(packet.rawValue)
    timingHash.combine(UInt64(bitPattern: now.nanoseconds))
    timingHash.combine(record.pointee.source)
    timingHash.combine(record.pointee.destination)
    timingHash.combine(UInt64(record.pointee.payloadSize.bytes) | UInt64(record.pointee.transport.rawValue) << 56)
    traceHash.combine(timingHash.state)
    if record.pointee.storedCount > 0 { traceHash.combine(slab.bytes(of: packet)) }
  }

  /// Combines what became of a packet with both digests: its time, endpoints and `outcome`.
  @inlinable
  public func hashOutcome(_ packet: PacketHandle, _ outcome: UInt64) {
    timingHash.combine(UInt64(bitPattern: now.nanoseconds) ^ outcome << 56)
    timingHash.combine(slab.records[Int(packet.rawValue)].destination)
    traceHash.combine(timingHash.state)
  }

  /// Combines a message that travels beside the packets with both digests: its time, and for the trace what it is and
  /// what it says.
  public func hash(_ message: String, _ text: String) {
    timingHash.combine(UInt64(bitPattern: now.nanoseconds))
    traceHash.combine(timingHash.state)
    traceHash.combine(message)
    traceHash.combine(text)
  }

  /// Sends a packet of `node` at `departure`, or now if that is past.
  @usableFromInline
  func send(
    _ bytes: Span<UInt8>, elided: Int, over transport: TransportProtocol, from source: Endpoint,
    to destination: Endpoint, node: Int, at departure: Instant
  ) {
    let packet = slab.insert(bytes, elided: elided, over: transport, from: source, to: destination)
    if departure > now {
      schedule(EventTarget(.departure, node), argument: packet.rawValue, at: departure)
    } else {
      depart(packet, from: node)
    }
  }

  @inline(__always)
  func depart(_ packet: PacketHandle, from node: Int) {
    guard let carrier else { preconditionFailure("the simulation has no network") }
    hash(packet)
    carrier._withUnsafeGuaranteedRef { $0.carry(packet, from: node, in: self) }
  }

  @inlinable
  func wake(node: Int, at instant: Instant) {
    guard instant < alarms[node], instant != .distantFuture else { return }
    let due = max(instant, now)
    alarms[node] = due
    schedule(EventTarget(.wake, node), argument: 0, at: due)
  }
}
