/// Datagrams that a core wants sent, in order, in one reusable buffer: no allocation once it is warm.
public struct Transmissions: Sendable {
  /// Where one datagram goes and which part of the buffer it is.
  public struct Entry: Hashable, Sendable {
    public let source: Endpoint
    public let destination: Endpoint
    public let transport: TransportProtocol
    /// Bytes that follow on the wire without being stored (see `Datagram.elided`).
    public let elided: Int
    let range: Range<Int>

    /// The size of the UDP payload on the wire.
    public var size: DataSize { .bytes(range.count + elided) }
  }

  public private(set) var entries: [Entry] = []
  private var buffer = ByteWriter()

  public init() {}

  public var isEmpty: Bool { entries.isEmpty }
  public var count: Int { entries.count }

  /// Queues a copy of `bytes`.
  public mutating func append(
    _ bytes: Span<UInt8>, elided: Int = 0, over transport: TransportProtocol = .udp, from source: Endpoint,
    to destination: Endpoint
  ) {
    append(elided: elided, over: transport, from: source, to: destination) { $0.append(bytes) }
  }

  /// Queues what `write` appends; whatever stands in the writer before belongs to earlier datagrams.
  public mutating func append<Failure: Error>(
    elided: Int = 0, over transport: TransportProtocol = .udp, from source: Endpoint, to destination: Endpoint,
    _ write: (inout ByteWriter) throws(Failure) -> Void
  ) throws(Failure) {
    let begin = buffer.count
    do {
      try write(&buffer)
    } catch {
      buffer.truncate(to: begin)
      throw error
    }
    entries.append(
      Entry(
        source: source, destination: destination, transport: transport, elided: elided, range: begin..<buffer.count))
  }

  /// The datagram at `index`, as its receiver will see it.
  public subscript(_ index: Int) -> Datagram {
    @_lifetime(borrow self) get {
      let entry = entries[index]
      return Datagram(
        from: entry.source, to: entry.destination, transport: entry.transport,
        bytes: buffer.bytes.span.extracting(entry.range), elided: entry.elided)
    }
  }

  /// Moves everything that `other` holds to the end of this queue.
  public mutating func take(_ other: inout Transmissions) {
    if isEmpty {
      swap(&self, &other)
    } else {
      for index in other.entries.indices {
        let datagram = other[index]
        append(
          datagram.bytes, elided: datagram.elided, over: datagram.transport, from: datagram.source,
          to: datagram.destination)
      }
    }
    other.removeAll()
  }

  /// Forgets everything, keeping the capacity.
  public mutating func removeAll() {
    entries.removeAll(keepingCapacity: true)
    buffer.removeAll()
  }
}
