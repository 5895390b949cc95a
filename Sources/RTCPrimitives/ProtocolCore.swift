/// A protocol as a pure state machine over datagrams ("sans-IO").
///
/// Time comes in as an argument; what is to be done goes out into the caller's output. A core reads no clock,
/// throws no dice of its own and opens no socket.
public protocol ProtocolCore: ~Copyable {
  associatedtype Event: Sendable

  /// When `handleTimeout` wants to be called; `nil` when nothing is pending.
  var nextTimeout: Instant? { get }

  mutating func handle(_ datagram: borrowing Datagram, at now: Instant, into output: inout Output<Event>)

  /// Does everything that is due at `now`; harmless when called early.
  mutating func handleTimeout(at now: Instant, into output: inout Output<Event>)
}
