public import RTCPrimitives
import RTCWire

/// The path of every packet.
extension ICEAgent {
  /// Sends application data through the selected pair, or before the nomination through the best valid one.
  ///
  /// Allocates nothing once `datagrams` is warm and takes the same time however many pairs there are.
  /// - Parameter elided: bytes that follow on the wire without being stored (see `Datagram.elided`).
  /// - Returns: false when no pair may be used yet or any more; the data is then counted and dropped.
  @discardableResult
  public mutating func send(
    _ bytes: Span<UInt8>, elided: Int = 0, at now: Instant, into datagrams: inout Transmissions
  ) -> Bool {
    guard let path = sending else {
      discarded.unsendable += 1
      return false
    }
    if let relay = path.relay {
      guard send(bytes, elided: elided, to: path.remote, relay: relay, at: now, into: &datagrams) else {
        discarded.unsendable += 1
        return false
      }
    } else {
      datagrams.append(bytes, elided: elided, from: path.base, to: path.remote)
    }
    checklist.pairs[path.index].statistics.sent(bytes.count + elided, at: now)
    return true
  }

  /// Whether data can be sent.
  public var hasPath: Bool { sending != nil }

  /// Takes what is STUN or TURN for itself and tells where application data lies.
  ///
  /// - Returns: the range of `datagram.bytes` that holds application data, behind the framing of a relay if there is
  ///   one; elided bytes stay elided. `nil` when there is nothing for the caller: consumed, or dropped and counted.
  public mutating func receive(
    _ datagram: borrowing Datagram, at now: Instant, into output: inout Output<Event>
  ) -> Range<Int>? {
    guard datagram.bytes.count > 0 else { return nil }
    if let relay = relayIndex(datagram) { return receive(datagram, fromRelay: relay, at: now, into: &output) }
    guard state != .closed else { return nil }
    return receiveDirectly(datagram, at: now, into: &output)
  }

  mutating func receiveDirectly(
    _ datagram: borrowing Datagram, at now: Instant, into output: inout Output<Event>
  ) -> Range<Int>? {
    guard datagram.bytes[0] <= 3 else { return acceptData(datagram, at: now) }
    handleSTUN(
      datagram.bytes, elided: datagram.elided, base: datagram.destination, remote: datagram.source, relay: nil,
      at: now, into: &output)
    return nil
  }

  private mutating func acceptData(_ datagram: borrowing Datagram, at now: Instant) -> Range<Int>? {
    let range = 0..<datagram.bytes.count
    let size = datagram.size.bytes
    return acceptData(base: datagram.destination, remote: datagram.source, size: size, at: now) ? range : nil
  }

  /// Whether data on this path is welcome: its pair passed a check in one of the two directions.
  mutating func acceptData(base: Endpoint, remote: Endpoint, size: Int, at now: Instant) -> Bool {
    if let index = receiving, isOpenPath(index, base: base, remote: remote) {
      checklist.pairs[index].statistics.received(size, at: now)
      return true
    }
    for index in checklist.pairs.indices where isOpenPath(index, base: base, remote: remote) {
      receiving = index
      checklist.pairs[index].statistics.received(size, at: now)
      return true
    }
    guard !olderPaths.isEmpty, olderPaths.contains(OpenPath(base: base, remote: remote)) else {
      discarded.unknownSource += 1
      return false
    }
    return true
  }

  private func isOpenPath(_ index: Int, base: Endpoint, remote: Endpoint) -> Bool {
    checklist.pairs[index].remote.address == remote && checklist.pairs[index].local.base == base
      && checklist.pairs[index].isOpen
  }

  /// A STUN message that came to `base`, directly or out of the framing of a relay.
  mutating func handleSTUN(
    _ bytes: Span<UInt8>, elided: Int, base: Endpoint, remote: Endpoint, relay: Int?, at now: Instant,
    into output: inout Output<Event>
  ) {
    guard elided == 0, let message = try? STUNMessage(parsing: bytes), message.method == .binding else {
      discarded.malformed += 1
      return
    }
    switch STUNMessage.fingerprintStatus(of: bytes) {
    case .valid: break
    case .absent where isServersAnswer(message): break
    case .absent, .invalid:
      discarded.badFingerprint += 1
      return
    }
    switch message.messageClass {
    case .request:
      handleRequest(message, bytes: bytes, base: base, remote: remote, relay: relay, at: now, into: &output)
    case .success, .error:
      handleResponse(message, bytes: bytes, base: base, remote: remote, relay: relay, at: now, into: &output)
    case .indication: break
    }
    advance(at: now, into: &output)
  }

  /// Whether a message answers a query of ours to a STUN server, which need not know FINGERPRINT; between agents it is part
  /// of every message (RFC 8445 §7.1, RFC 8489 §7).
  private func isServersAnswer(_ message: STUNMessage) -> Bool {
    requests.contains { $0.pair == nil && $0.id == message.transactionID }
  }

  /// Sends a message of our own, through a relay or straight from a base.
  mutating func transmit(
    _ bytes: Span<UInt8>, from base: Endpoint, to remote: Endpoint, relay: Int?, at now: Instant,
    into output: inout Output<Event>
  ) {
    guard let relay else { return output.datagrams.append(bytes, from: base, to: remote) }
    _ = send(bytes, elided: 0, to: remote, relay: relay, at: now, into: &output.datagrams)
  }

  /// Points the data at the selected pair or, before that, at the best valid one, once the peer consents to it.
  mutating func updateSendingPath(at now: Instant, into output: inout Output<Event>) {
    guard state != .failed, state != .closed, let index = selected ?? bestConsenting(at: now) ?? bestValid else {
      sending = nil
      return
    }
    let pair = checklist.pairs[index]
    let path = Path(index: index, base: pair.local.base, remote: pair.remote.address, relay: pair.relay)
    guard path != sending else { return }
    guard hasConsent(pair, at: now) else { return renewConsent(ofPairAt: index, at: now, into: &output) }
    sending = path
    renewal = nil
    if !configuration.isLite { watchConsent(ofPairAt: index, at: now) }
    if let relay = path.relay { bindChannel(relay: relay, to: path.remote, at: now, into: &output) }
  }
}
