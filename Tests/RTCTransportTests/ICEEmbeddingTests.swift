import RTCPrimitives
import RTCWire
import Testing

@testable import RTCTransport

/// The two lists of draft-hancke-webrtc-sped-00 §4: packets to be carried, and those to be acknowledged.
struct ICEEmbeddingTests {
  /// Its CRC-32 is the published check value.
  private static let packet = Array("123456789".utf8)
  private static let checksum: UInt32 = 0xCBF4_3926

  private func agent() -> ICEAgent {
    var configuration = ICEConfiguration(hosts: [Endpoint(IPAddress(192, 0, 2, 1), 5000)])
    configuration.embedsHandshake = true
    return ICEAgent(
      configuration, role: .controlling, entropy: EntropySource(SeededGenerator(seed: 1, stream: "embedding")))
  }

  /// A message of a peer that embeds `packet` and acknowledges; `nil` for one that does not embed.
  private func message(_ packet: [UInt8]?, acknowledging checksums: [UInt32] = []) -> STUNMessage {
    var generator = EntropySource(SeededGenerator(seed: 2, stream: "message"))
    var message = STUNMessage(.request, .binding, transactionID: TransactionID(using: &generator))
    guard let packet else { return message }
    var acknowledgements = ByteWriter()
    for checksum in checksums { acknowledgements.append(checksum) }
    message.attributes = [
      .unknown(.dtlsInSTUNAcknowledgement, acknowledgements.bytes), .unknown(.dtlsInSTUN, packet),
    ]
    return message
  }

  /// What the next check of the agent carries.
  private func carried(by agent: inout ICEAgent) -> STUNMessage {
    var message = message(nil)
    message.attributes = agent.takeEmbedded()
    return message
  }

  @Test func `what came is acknowledged by its CRC-32, in order, four at most in a message`() {
    var agent = agent()
    var output = Output<ICEAgent.Event>()
    let packets = [Self.packet] + (0..<5).map { [22, UInt8($0)] }
    for packet in packets {
      let isTaken = agent.takeEmbedded(from: message(packet), into: &output)
      #expect(isTaken)
    }
    #expect(output.events == packets.map { .handshakeReceived($0) })
    let first = carried(by: &agent).dtlsInSTUNAcknowledgements
    let second = carried(by: &agent).dtlsInSTUNAcknowledgements
    #expect(first.first == Self.checksum && first.count == 4 && second.count == 2)
    #expect(Set(first + second).count == 6)
    let third = carried(by: &agent).dtlsInSTUNAcknowledgements
    #expect(third.isEmpty)
  }

  @Test func `packets of a flight take turns until they are acknowledged, and a new flight takes their place`() {
    var agent = agent()
    var output = Output<ICEAgent.Event>()
    let flight = [[22, 1], Self.packet, [22, 3]]
    agent.embed(flight)
    let turns = (0..<4).map { _ in carried(by: &agent).dtlsInSTUN }
    #expect(turns == [flight[0], flight[1], flight[2], flight[0]])
    let bringsPacket = agent.takeEmbedded(from: message([], acknowledging: [Self.checksum, 7]), into: &output)
    #expect(!bringsPacket && output.events.isEmpty)
    let rest = Set((0..<2).map { _ in carried(by: &agent).dtlsInSTUN })
    let unacknowledged = agent.takeUnacknowledged()
    #expect(rest == [flight[0], flight[2]] && unacknowledged == [flight[0], flight[2]])
    agent.embed([[23]])
    let next = (0..<2).map { _ in carried(by: &agent).dtlsInSTUN }
    #expect(next == [[23], [23]])
  }

  @Test func `with nothing to carry the attribute is there, and empty`() {
    var agent = agent()
    let message = carried(by: &agent)
    #expect(message.dtlsInSTUN == [] && message.dtlsInSTUNAcknowledgements.isEmpty)
  }

  @Test func `a message without the attribute ends embedding; what was to be carried is kept for the path`() {
    var agent = agent()
    var output = Output<ICEAgent.Event>()
    agent.embed([Self.packet])
    let bringsPacket = agent.takeEmbedded(from: message(nil), into: &output)
    let (isEmbedding, attributes) = (agent.isEmbedding, agent.takeEmbedded())
    #expect(!bringsPacket && !isEmbedding && attributes.isEmpty)
    let kept = (0..<2).map { _ in agent.takeUnacknowledged() }
    #expect(kept == [[Self.packet], []])
    agent.embed([[22]])
    let (later, waiting) = (agent.takeEmbedded(), agent.takeUnacknowledged())
    #expect(later.isEmpty && waiting == [[22]])
  }

  @Test(arguments: [0, 19, 64, 255] as [UInt8])
  func `what is no DTLS is neither handed on nor acknowledged`(_ first: UInt8) {
    var agent = agent()
    var output = Output<ICEAgent.Event>()
    let bringsPacket = agent.takeEmbedded(from: message([first, 1, 2]), into: &output)
    let acknowledgements = carried(by: &agent).dtlsInSTUNAcknowledgements
    #expect(!bringsPacket && output.events.isEmpty && acknowledgements.isEmpty)
  }

  @Test func `embedding ends with the handshake once nothing is left to be acknowledged`() {
    var agent = agent()
    var output = Output<ICEAgent.Event>()
    agent.embed([Self.packet])
    agent.endEmbeddingIfAcknowledged()
    let isStillEmbedding = agent.isEmbedding
    #expect(isStillEmbedding)
    _ = agent.takeEmbedded(from: message([], acknowledging: [Self.checksum]), into: &output)
    agent.endEmbeddingIfAcknowledged()
    let isEmbedding = agent.isEmbedding
    #expect(!isEmbedding)
  }
}
