import RTCPrimitives
import RTCTransport

/// Which handshake agrees on the keys.
public enum HandshakeKind: Hashable, Sendable {
  /// OpenSSL's DTLS 1.2.
  case dtls12
  /// The round trips and sizes of DTLS 1.3, without cryptography.
  case modelledDTLS13(ModelledDTLS.FlightSizes)
}

/// The DTLS of a transport: the real one or the model of a newer version.
struct Handshake: ~Copyable {
  private var real: DTLSTransport?
  private var modelled: ModelledDTLS?

  init(_ transport: consuming DTLSTransport) {
    real = consume transport
    modelled = nil
  }

  init(_ transport: consuming ModelledDTLS) {
    real = nil
    modelled = consume transport
  }

  var state: DTLSTransport.State {
    switch real {
    case .some(let transport): return transport.state
    case .none: break
    }
    switch modelled {
    case .some(let transport): return transport.state
    case .none: return .new
    }
  }

  var nextTimeout: Instant? {
    switch real {
    case .some(let transport): return transport.nextTimeout
    case .none: break
    }
    switch modelled {
    case .some(let transport): return transport.nextTimeout
    case .none: return nil
    }
  }

  /// The IANA name, once connected; a model has none.
  var cipherSuite: String? {
    switch real {
    case .some(let transport): transport.cipherSuite
    case .none: nil
    }
  }

  var retransmissions: Int {
    switch real {
    case .some(let transport): return transport.retransmissions
    case .none: break
    }
    switch modelled {
    case .some(let transport): return transport.retransmissions
    case .none: return 0
    }
  }

  mutating func start(at now: Instant, into output: inout DTLSTransport.Output) {
    real?.start(at: now, into: &output)
    modelled?.start(at: now, into: &output)
  }

  mutating func handle(_ datagram: Span<UInt8>, at now: Instant, into output: inout DTLSTransport.Output) {
    real?.handle(datagram, at: now, into: &output)
    modelled?.handle(datagram, at: now, into: &output)
  }

  /// Sends application data; says whether that was possible.
  mutating func send(_ message: Span<UInt8>, at now: Instant, into output: inout DTLSTransport.Output) -> Bool {
    if let isSent = real?.send(message, at: now, into: &output) { return isSent }
    return modelled?.send(message, into: &output) ?? false
  }

  mutating func handleTimeout(at now: Instant, into output: inout DTLSTransport.Output) {
    real?.handleTimeout(at: now, into: &output)
    modelled?.handleTimeout(at: now, into: &output)
  }

  /// Takes another first timeout, a model also for the flight that waits for its answer.
  mutating func setRetransmissionTimeout(_ time: Duration, at now: Instant) {
    real?.setRetransmissionTimeout(time)
    modelled?.setRetransmissionTimeout(time, at: now)
  }

  mutating func setRemoteFingerprints(
    _ fingerprints: [DTLSFingerprint], at now: Instant, into output: inout DTLSTransport.Output
  ) {
    real?.setRemoteFingerprints(fingerprints, at: now, into: &output)
  }

  mutating func close(at now: Instant, into output: inout DTLSTransport.Output) {
    real?.close(at: now, into: &output)
    modelled?.close()
  }
}
