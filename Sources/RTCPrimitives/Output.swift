/// What a core wants done: datagrams to send and events to tell, in order. Owned and reused by the caller.
public struct Output<Event: Sendable>: Sendable {
  public var datagrams = Transmissions()
  public private(set) var events: [Event] = []

  public init() {}

  public mutating func emit(_ event: Event) { events.append(event) }

  public mutating func transmit(
    _ bytes: [UInt8], over transport: TransportProtocol = .udp, from source: Endpoint, to destination: Endpoint
  ) {
    datagrams.append(bytes.span, over: transport, from: source, to: destination)
  }

  /// Hands over the events, leaving none.
  public mutating func takeEvents() -> [Event] {
    defer { events.removeAll(keepingCapacity: true) }
    return events
  }

  /// Tells `body` every event and forgets them, without giving their memory away.
  ///
  /// - Precondition: `body` does not emit.
  public mutating func drainEvents(_ body: (Event) -> Void) {
    for event in events { body(event) }
    events.removeAll(keepingCapacity: true)
  }

  /// Forgets everything, keeping the capacity.
  public mutating func removeAll() {
    datagrams.removeAll()
    events.removeAll(keepingCapacity: true)
  }
}
