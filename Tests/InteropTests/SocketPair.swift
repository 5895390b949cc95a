import RTCMedia
import RTCPrimitives
import RTCSession
import RTCSockets
import RTCTransport
import RTCWire

/// Two connections of ours over sockets of this machine, signalled by hand.
final class SocketPair {
  /// What one side has seen.
  final class Side {
    let connection: SocketConnection
    var packets = 0
    var dtlsIsClosed = false
    var candidates: [ICECandidate] = []
    private var encoder = ModelledVP8(seed: 1, stream: "video", payload: .filler)

    init(_ configuration: SocketConnection.Configuration, on loop: SocketLoop) throws {
      connection = try SocketConnection(configuration, on: loop)
      connection.packetHandler = { [unowned self] _, _ in packets += 1 }
    }

    var isReady: Bool { connection.core.transport.isReady }
    var isGathered: Bool { connection.core.transport.ice.isGatheringCompleted }
    /// Where it is reached through its relay.
    var relayedAddress: Endpoint? {
      connection.core.transport.ice.localCandidates.first { $0.kind == .relayed }?.address
    }

    /// Sends a frame of modelled video.
    func sendFrame() {
      connection.perform { core, now, output in
        var buffer = ByteWriter()
        let timestamp = UInt32(truncatingIfNeeded: now.nanoseconds / 100_000 * 9)
        let frame = encoder.encode(
          forcingKeyFrame: false, rtpTimestamp: timestamp, captureTime: now, into: &buffer)
        core.send(frame, in: buffer.bytes.span, on: 0, at: now, into: &output.datagrams)
      }
    }
  }

  let loop: SocketLoop
  let (a, b): (Side, Side)

  init(
    _ first: SocketConnection.Configuration = .init(), _ second: SocketConnection.Configuration = .init()
  ) throws {
    loop = try SocketLoop()
    a = try Side(first, on: loop)
    b = try Side(second, on: loop)
    for (side, other) in [(a, b), (b, a)] {
      side.connection.eventHandler = { [unowned side, unowned other] event, _ in
        switch event {
        case .candidate(let candidate):
          side.candidates.append(candidate)
          other.connection.perform { core, now, output in
            core.addRemoteCandidate(candidate, at: now, into: &output)
          }
        case .transport(.dtls(.closed)): side.dtlsIsClosed = true
        default: break
        }
      }
    }
  }

  /// Offers one video section and answers it, both ways.
  func negotiate() throws {
    let offer = try a.connection.perform { core, now, output throws(PeerConnectionError) in
      core.addTransceiver(.video, direction: .sendrecv)
      let offer = try core.createOffer()
      try core.setLocal(.offer(offer), at: now, into: &output)
      return offer
    }
    let answer = try b.connection.perform { core, now, output throws(PeerConnectionError) in
      core.addTransceiver(.video, direction: .sendrecv)
      try core.setRemote(.offer(offer), at: now, into: &output)
      let answer = try core.createAnswer()
      try core.setLocal(.answer(answer), at: now, into: &output)
      return answer
    }
    try a.connection.perform { core, now, output throws(PeerConnectionError) in
      try core.setRemote(.answer(answer), at: now, into: &output)
    }
  }

  /// Serves until `condition` holds; false when it does not in time.
  func run(for limit: Duration = .seconds(20), until condition: () -> Bool) -> Bool {
    let end = loop.clock.now + limit
    loop.run(asking: .milliseconds(20)) { !condition() && loop.clock.now < end }
    return condition()
  }
}
