import RTCPrimitives
import RTCTransport
import RTCWire
import Testing

@testable import RTCSession

/// What arrives on streams, message by message, as no peer of ours would send it.
///
/// - SeeAlso: RFC 8831 §6.6, RFC 8832 §6
@Suite struct DataReceptionTests {
  /// One end, the DTLS server, whose peer opens even streams.
  private struct End: ~Copyable {
    let script = Script()
    private var channels = DataChannelSet<ScriptedAssociation>()
    private(set) var events: [DataChannelEvent] = []

    init() { channels.start(ScriptedAssociation(script), role: .server, at: .start, into: &events) }

    func state(of id: Int) -> DataChannel.State? { channels[id]?.state }

    mutating func receive(_ payload: DataChannelPayload, _ bytes: [UInt8], on stream: UInt16 = 0) {
      script.arrivals.append(SCTPMessage(stream: stream, ppid: payload.rawValue, bytes: bytes))
      let packet: [UInt8] = []
      channels.handle(packet.span, at: .start, into: &events)
    }

    /// The peer opens a channel.
    mutating func receiveOpen(on stream: UInt16) {
      var writer = ByteWriter()
      DCEPMessage.open(DataChannelOpen(label: "data")).write(into: &writer)
      receive(.dcep, writer.bytes, on: stream)
    }

    mutating func takeEvents() -> [DataChannelEvent] {
      defer { events.removeAll() }
      return events
    }

    static func opened() -> End {
      var end = End()
      end.receiveOpen(on: 0)
      _ = end.takeEvents()
      return end
    }
  }

  @Test func `a channel that the peer opens is acknowledged on its stream`() {
    var end = End()
    end.receiveOpen(on: 4)
    #expect(end.takeEvents() == [.announced(0), .opened(0)])
    #expect(end.script.sent == [SCTPMessage(stream: 4, ppid: DataChannelPayload.dcep.rawValue, bytes: [2])])
  }

  @Test(arguments: [1, 1023, 1024, 65_534, 65_535] as [UInt16])
  func `a channel on a stream that is not the peer's is refused`(stream: UInt16) {
    var end = End()
    end.receiveOpen(on: stream)
    #expect(end.takeEvents().isEmpty && end.script.sent.isEmpty)
    #expect(end.script.resets == [stream])
  }

  @Test(arguments: [[3], [3, 0, 0], [7], [1]] as [[UInt8]])
  func `a malformed message of the establishment protocol closes the channel it came on`(bytes: [UInt8]) {
    var end = End.opened()
    end.receive(.dcep, bytes)
    #expect(end.takeEvents() == [.closing(0)] && end.state(of: 0) == .closing)
    #expect(end.script.resets == [0])
  }

  @Test func `a stream that has a channel is not opened again`() {
    var end = End.opened()
    end.receiveOpen(on: 0)
    #expect(end.takeEvents() == [.closing(0)] && end.script.resets == [0])
  }

  @Test func `parts as older peers send them make one message`() {
    var end = End.opened()
    end.receive(.binaryPartial, [1, 2])
    end.receive(.binaryPartial, [3])
    end.receive(.binary, [4, 5])
    end.receive(.binary, [6])
    end.receive(.stringPartial, Array("Gr".utf8) + [0xC3])
    end.receive(.string, [0xBC] + Array("n".utf8))
    #expect(
      end.takeEvents() == [
        .message(0, .binary([1, 2, 3, 4, 5])), .message(0, .binary([6])), .message(0, .text("Grün")),
      ])
  }

  @Test(arguments: [0, 1]) func `parts that make more than the largest message close the channel`(excess: Int) {
    var end = End.opened()
    let half = [UInt8](repeating: 1, count: SCTPConfiguration.maxMessageSize / 2)
    end.receive(.binaryPartial, half)
    end.receive(.binary, half + [UInt8](repeating: 2, count: excess))
    switch excess {
    case 0: #expect(end.takeEvents() == [.message(0, .binary(half + half))])
    default: #expect(end.takeEvents() == [.closing(0)] && end.script.resets == [0])
    }
  }

  @Test func `what belongs to no channel and what nobody has defined is dropped`() {
    var end = End.opened()
    end.receive(.binary, [1], on: 2)
    end.script.arrivals.append(SCTPMessage(stream: 0, ppid: 99, bytes: [1]))
    end.receive(.binary, [2])
    #expect(end.takeEvents() == [.message(0, .binary([2]))])
    #expect(end.script.resets.isEmpty)
  }
}

/// What a `ScriptedAssociation` is to receive, and what it was asked for.
private final class Script {
  var arrivals: [SCTPMessage] = []
  var sent: [SCTPMessage] = []
  var resets: [UInt16] = []
}

/// An association that is there at once, and receives what a test says.
private struct ScriptedAssociation: SCTPAssociation, ~Copyable {
  private(set) var state = SCTPAssociationState.new
  var nextTimeout: Instant? { nil }
  var bufferedAmount: Int { 0 }
  private let script: Script

  init(_ script: Script) { self.script = script }

  mutating func connect(at now: Instant, into output: inout SCTPOutput) {
    state = .connected
    output.emit(.connected(outboundStreams: 1024, inboundStreams: 1024))
  }

  mutating func handle(_ packet: Span<UInt8>, at now: Instant, into output: inout SCTPOutput) {
    for message in script.arrivals { output.emit(.message(message)) }
    script.arrivals.removeAll()
  }

  mutating func handleTimeout(at now: Instant, into output: inout SCTPOutput) {}

  mutating func send(
    _ message: SCTPMessage, isOrdered: Bool, reliability: DataChannelReliability, at now: Instant,
    into output: inout SCTPOutput
  ) throws(SCTPError) {
    script.sent.append(message)
  }

  mutating func resetStreams(_ streams: [UInt16], at now: Instant, into output: inout SCTPOutput) {
    script.resets += streams
  }

  func bufferedAmount(of stream: UInt16) -> Int { 0 }

  mutating func setReading(_ isReading: Bool, at now: Instant, into output: inout SCTPOutput) {}

  mutating func close(at now: Instant, into output: inout SCTPOutput) {
    state = .closed
    output.emit(.closed(.local))
  }
}
