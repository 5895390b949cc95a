/// A UDP datagram as a receiver sees it: borrowed for the length of one call. What is kept must be copied.
///
/// With `transport` `.tcp` it is a TCP segment with its header when it travels through a network, and one message of a
/// TURN stream when it travels between a core and the connection that carries it.
///
/// In `model` fidelity the tail of a packet (encrypted payload, authentication tag) is only counted, not stored:
/// `bytes` is then a true prefix and `elided` says how many bytes follow it on the wire.
public struct Datagram: ~Escapable {
  public let source: Endpoint
  public let destination: Endpoint
  public let transport: TransportProtocol
  /// The bytes of the UDP payload that exist.
  public let bytes: Span<UInt8>
  /// How many bytes of the UDP payload follow `bytes` on the wire without being stored.
  public let elided: Int

  @inlinable @_lifetime(copy bytes)
  public init(
    from source: Endpoint, to destination: Endpoint, transport: TransportProtocol = .udp, bytes: Span<UInt8>,
    elided: Int = 0
  ) {
    self.source = source
    self.destination = destination
    self.transport = transport
    self.bytes = bytes
    self.elided = elided
  }

  /// The size of the UDP payload on the wire.
  @inlinable public var size: DataSize { .bytes(bytes.count + elided) }
}
