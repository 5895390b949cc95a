import CFloors
import RTCPrimitives
import RTCTransport
import RTCWire

/// Connectivity checks and the rewriting of headers: what nodes do to packets beside SRTP.
enum PacketBenchmark {
  private static let checks = FigureGroup(
    subject: .network, title: "ICE: a Binding request with its integrity", unit: .packets, floor: "OpenSSL's HMAC alone"
  )
  private static let forwarding = FigureGroup(
    subject: .network, title: "Forwarding: a new header for one receiver, 1200 B of payload", unit: .packets, floor: nil
  )

  static func steps(_ effort: BenchmarkEffort) -> [BenchmarkStep] {
    [
      BenchmarkStep(.network, "STUN and forwarding", seconds: 0.3) { () throws(BenchmarkError) in
        do {
          return try measureChecks(effort) + [try measureForwarding(effort)]
        } catch {
          throw error as? BenchmarkError ?? .failed(operation: "a packet", reason: "\(error)")
        }
      }
    ]
  }

  private static func measureChecks(_ effort: BenchmarkEffort) throws -> [BenchmarkFigure] {
    let key = MessageIntegrityKey(shortTerm: "VOkJxbRl1RmTxUk/WvJxBt")
    var entropy = SeededGenerator(seed: 1, stream: "bench")
    let request = STUNMessage(
      .request, .binding, transactionID: TransactionID(using: &entropy),
      attributes: [.username("evtj:h6vY"), .priority(1_853_824_767), .iceControlling(entropy.next())])
    var written = ByteWriter(reserving: 128)
    request.write(into: &written, key: key)
    let authenticated = try STUNMessage.integrityInput(of: written.bytes.span).map(\.bytes).orThrow("no integrity")
    let floor = HMACFloor(key: key.bytes, bytes: authenticated)
    let count = effort.operations(1000)
    var output = ByteWriter(reserving: 128)
    let writing = try Timing.alternate(
      rounds: effort.rounds, operations: count,
      own: {
        for _ in 0..<count {
          output.removeAll()
          request.write(into: &output, key: key)
        }
      }, floor: { () throws(BenchmarkError) in try floor.run(count) })
    var valid = 0
    let checking = try Timing.alternate(
      rounds: effort.rounds, operations: count,
      own: { for _ in 0..<count where isValid(written.bytes.span, key) { valid += 1 } },
      floor: { () throws(BenchmarkError) in try floor.run(count) })
    guard valid == count * (effort.rounds + 1), output.bytes == written.bytes else {
      throw BenchmarkError.differentWork("a Binding request")
    }
    return [("write", writing), ("parse and check", checking)].map { name, timing in
      var figure = BenchmarkFigure(checks, name, timing)
      figure.costs = [CostSample(.iceCheck, nanoseconds: timing.median)]
      return figure
    }
  }

  /// What a receiver of a check does to its bytes.
  private static func isValid(_ bytes: Span<UInt8>, _ key: MessageIntegrityKey) -> Bool {
    guard let message = try? STUNMessage(parsing: bytes), message.username != nil else { return false }
    return STUNMessage.fingerprintStatus(of: bytes) == .valid && MessageIntegrity.status(of: bytes, key: key) == .valid
  }

  private static func measureForwarding(_ effort: BenchmarkEffort) throws -> BenchmarkFigure {
    // Absolute send time, transport-wide sequence number and MID in one-byte elements.
    let header: [UInt8] = [0x90, 96, 0, 1, 0, 0, 0, 1, 0x12, 0x34, 0x56, 0x78]
    let block: [UInt8] = [0xBE, 0xDE, 0, 3, 0x22, 1, 2, 3, 0x31, 0, 7, 0x40, 0x30, 0, 0, 0]
    let bytes = header + block + [UInt8](repeating: 0xA5, count: 1200)
    let packet = try RTPPacket(parsing: bytes.span)
    var map = RTPExtensionIDMap()
    for id in [2, 3, 4] as [UInt8] { map[id] = id + 1 }
    var output = ByteWriter(reserving: 2048)
    let count = effort.operations(2000)
    var number: UInt16 = 0
    let timing = try Timing.alone(rounds: effort.rounds, operations: count) {
      for _ in 0..<count {
        number &+= 1
        output.removeAll()
        packet.writeForwarded(
          bytes.span,
          as: RTPForwarding(payloadType: 97, sequenceNumber: SequenceNumber(number), timestamp: 1, ssrc: 2),
          extensionIDs: map, into: &output)
      }
    }
    var figure = BenchmarkFigure(forwarding, "copy and rewrite", timing)
    figure.costs = [CostSample(.forward, nanoseconds: timing.median)]
    return figure
  }
}

extension Optional {
  fileprivate func orThrow(_ reason: String) throws(BenchmarkError) -> Wrapped {
    guard let self else { throw .failed(operation: "a benchmark", reason: reason) }
    return self
  }
}

private struct HMACFloor {
  let key: [UInt8]
  let bytes: [UInt8]

  func run(_ count: Int) throws(BenchmarkError) {
    var code = [UInt8](repeating: 0, count: 20)
    guard floor_hmac_sha1(key, Int32(key.count), bytes, bytes.count, Int32(count), &code) == 1 else {
      throw .failed(operation: "the floor's HMAC", reason: "OpenSSL refuses")
    }
  }
}
