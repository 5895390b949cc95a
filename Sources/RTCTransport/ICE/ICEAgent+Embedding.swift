public import RTCPrimitives
import RTCWire

/// Carrying the DTLS handshake inside connectivity checks and their answers.
///
/// A Binding request that brings a handshake packet is answered when the owner has given that packet to DTLS, so that the
/// answer can take along what DTLS says to it: hear `.handshakeReceived`, call `embed`, then `answerHeldRequests`.
/// - SeeAlso: draft-hancke-webrtc-sped-00 §4
extension ICEAgent {
  struct Embedding: Sendable {
    /// Packets of the present flight that the peer has not acknowledged (the draft's L1), and whose turn it is.
    var pending: [[UInt8]] = []
    var turn = 0
    /// CRC-32 of packets that came embedded, to be acknowledged (L2).
    var acknowledgements: [UInt32] = []
    var held: [Answer] = []

    /// The draft recommends to acknowledge at most four packets in one message.
    static let mostAcknowledgements = 4
    /// Bytes that a check needs beside the packet: the sum of the draft's table without TURN, for names of 4 + 4 bytes.
    static let overhead = 148
  }

  /// A response that waits for what DTLS has to say.
  struct Answer: Sendable {
    let message: STUNMessage
    let base: Endpoint
    let remote: Endpoint
    let relay: Int?
    let key: MessageIntegrityKey
  }

  /// How much smaller a DTLS datagram must be to fit into a check.
  public static var embeddingOverhead: Int { Embedding.overhead }

  /// Whether handshake packets travel in checks: until the handshake is over, unless the peer cannot.
  public var isEmbedding: Bool { embedding != nil }

  /// Packets of a new flight; they travel in the next checks and answers until the peer has acknowledged them.
  ///
  /// Where the peer cannot embed they only wait for `takeUnacknowledged`.
  public mutating func embed(_ packets: [[UInt8]]) {
    guard embedding != nil else {
      unembedded = packets
      return
    }
    embedding?.pending = packets
    embedding?.turn = 0
  }

  /// What of the present flight the peer has not acknowledged: to be sent as it is once there is a path (§3.3.1).
  ///
  /// While both sides embed, checks go on carrying it.
  public mutating func takeUnacknowledged() -> [[UInt8]] {
    defer { unembedded = [] }
    return embedding?.pending ?? unembedded
  }

  /// Sends the answers that have waited for `embed`.
  public mutating func answerHeldRequests(at now: Instant, into output: inout Output<Event>) {
    guard let held = embedding?.held, !held.isEmpty else { return }
    embedding?.held = []
    for answer in held { send(answer, at: now, into: &output) }
  }

  /// The handshake is over: checks carry nothing any more, once the peer has what was embedded last.
  public mutating func endEmbeddingIfAcknowledged() {
    guard let embedding, embedding.pending.isEmpty, embedding.held.isEmpty else { return }
    self.embedding = nil
  }

  private mutating func send(_ answer: Answer, at now: Instant, into output: inout Output<Event>) {
    var message = answer.message
    message.attributes += takeEmbedded()
    var writer = ByteWriter(reserving: 1280)
    message.write(into: &writer, key: answer.key)
    transmit(
      writer.bytes.span, from: answer.base, to: answer.remote, relay: answer.relay, at: now, into: &output)
  }

  /// Answers at once, or after the owner has given an embedded packet to DTLS.
  mutating func respond(_ answer: Answer, holding: Bool, at now: Instant, into output: inout Output<Event>) {
    if holding, embedding != nil { embedding?.held.append(answer) } else { send(answer, at: now, into: &output) }
  }

  /// The attributes of the next check or answer (§4.2).
  mutating func takeEmbedded() -> [STUNAttribute] {
    guard var embedding else { return [] }
    var acknowledgements = ByteWriter()
    for value in embedding.acknowledgements.prefix(Embedding.mostAcknowledgements) { acknowledgements.append(value) }
    embedding.acknowledgements.removeFirst(
      min(embedding.acknowledgements.count, Embedding.mostAcknowledgements))
    var packet: [UInt8] = []
    if !embedding.pending.isEmpty {
      packet = embedding.pending[embedding.turn % embedding.pending.count]
      embedding.turn += 1
    }
    self.embedding = embedding
    return [.unknown(.dtlsInSTUNAcknowledgement, acknowledgements.bytes), .unknown(.dtlsInSTUN, packet)]
  }

  /// Takes what an authenticated message of the peer brings (§4.3); true when a packet was in it.
  mutating func takeEmbedded(from message: STUNMessage, into output: inout Output<Event>) -> Bool {
    guard embedding != nil else { return false }
    let data = message.dtlsInSTUN
    // A peer that cannot embed never does; one that could does no longer, because its handshake is over.
    guard let data else {
      unembedded = embedding?.pending ?? []
      embedding = nil
      return false
    }
    for value in message.dtlsInSTUNAcknowledgements {
      embedding?.pending.removeAll { CRC32.checksum(of: $0.span) == value }
    }
    // The first byte of DTLS (RFC 9443 §3).
    guard let first = data.first, (20...63).contains(first) else { return false }
    embedding?.acknowledgements.append(CRC32.checksum(of: data.span))
    output.emit(.handshakeReceived(data))
    return true
  }
}
