import CFloors
import RTCPrimitives
import RTCTransport

/// `SRTPSession` with reused buffers, against the same calls of libsrtp2 from C.
enum SRTPBenchmark {
  private static let group = FigureGroup(
    subject: .srtp, title: "SRTP: one stream, 12 bytes of RTP header before the payload", unit: .packetRate,
    floor: "libsrtp2 from C")
  private static let wantedRatio = 0.95

  static func steps(_ effort: BenchmarkEffort) -> [BenchmarkStep] {
    SRTPProfile.allCases.flatMap { profile in
      [160, 1200].map { payload in
        BenchmarkStep(.srtp, "\(profile), \(payload) B", seconds: 0.5) { () throws(BenchmarkError) in
          [try protect(profile, payload, effort), try unprotect(profile, payload, effort)]
        }
      }
    }
  }

  private static func protect(
    _ profile: SRTPProfile, _ payload: Int, _ effort: BenchmarkEffort
  ) throws(BenchmarkError) -> BenchmarkFigure {
    let count = effort.operations(2000)
    var own = try SRTPRun(profile, payload: payload)
    var floor = try SRTPFloor(profile, isInbound: false, payload: payload)
    let timing = try Timing.alternate(
      rounds: 3 * effort.rounds, operations: count, own: { () throws(BenchmarkError) in try own.protect(count) },
      floor: { () throws(BenchmarkError) in try floor.protect(count) },
      check: { () throws(BenchmarkError) in
        guard floor.packet.starts(with: own.packet.bytes) else { throw .differentWork("SRTP protect") }
      })
    return figure("protect", .srtpProtect(profile), profile, payload, timing)
  }

  private static func unprotect(
    _ profile: SRTPProfile, _ payload: Int, _ effort: BenchmarkEffort
  ) throws(BenchmarkError) -> BenchmarkFigure {
    let count = effort.operations(2000)
    var sender = try SRTPRun(profile, payload: payload)
    var own = try SRTPRun(profile, payload: payload)
    var floor = try SRTPFloor(profile, isInbound: true, payload: payload)
    var packets = ByteWriter()
    let timing = try Timing.alternate(
      rounds: 3 * effort.rounds, operations: count,
      prepare: { (_) throws(BenchmarkError) in
        packets.removeAll()
        for _ in 0..<count {
          try sender.protect(1)
          packets.append(sender.packet.bytes)
        }
      }, own: { () throws(BenchmarkError) in try own.unprotect(packets.bytes, count) },
      floor: { () throws(BenchmarkError) in try floor.unprotect(packets.bytes, count) },
      check: { () throws(BenchmarkError) in
        guard floor.packet.starts(with: own.packet.bytes) else { throw .differentWork("SRTP unprotect") }
      })
    return figure("unprotect", .srtpUnprotect(profile), profile, payload, timing)
  }

  private static func figure(
    _ operation: String, _ cost: CostFigure, _ profile: SRTPProfile, _ payload: Int, _ timing: Timing
  ) -> BenchmarkFigure {
    var figure = BenchmarkFigure(group, "\(operation) \(profile.scenarioName) \(payload) B", timing)
    figure.wantedRatio = wantedRatio
    figure.costs = [CostSample(cost, count: SRTPRun.headerSize + payload, nanoseconds: timing.median)]
    return figure
  }
}

/// One session that hears itself: the same key in both directions.
private struct SRTPRun: ~Copyable {
  static let headerSize = 12
  private(set) var packet: ByteWriter
  private var session: SRTPSession
  private var nextNumber: UInt16 = 0
  private let size: Int

  init(_ profile: SRTPProfile, payload: Int) throws(BenchmarkError) {
    size = Self.headerSize + payload
    packet = ByteWriter(reserving: size + profile.rtpOverhead)
    packet.append(Self.plainPacket(size: size))
    let secret = Self.secret(profile)
    let master = SRTPMasterKey(
      key: Array(secret[..<profile.keyLength]), salt: Array(secret[profile.keyLength...]))
    do {
      session = try SRTPSession(SRTPKeys(profile: profile, local: master, remote: master))
    } catch {
      throw .failed(operation: "an SRTP session", reason: "\(error)")
    }
  }

  static func secret(_ profile: SRTPProfile) -> [UInt8] {
    (0..<profile.keyLength + profile.saltLength).map { UInt8($0 * 7 + 1) }
  }

  static func plainPacket(size: Int) -> [UInt8] {
    [0x80, 96, 0, 0, 0, 0, 0, 1, 0x12, 0x34, 0x56, 0x78] + (headerSize..<size).map { UInt8(truncatingIfNeeded: $0) }
  }

  /// Protects the packet again and again, under ascending sequence numbers.
  mutating func protect(_ count: Int) throws(BenchmarkError) {
    do {
      for _ in 0..<count {
        packet.truncate(to: size)
        packet.replaceUInt16(at: 2, with: nextNumber)
        nextNumber &+= 1
        try session.protectRTP(&packet, from: 0)
      }
    } catch {
      throw .failed(operation: "SRTP protect", reason: "\(error)")
    }
  }

  /// Opens `count` packets of equal size that lie one after the other.
  mutating func unprotect(_ packets: [UInt8], _ count: Int) throws(BenchmarkError) {
    let protectedSize = packets.count / count
    let span = packets.span
    do {
      for index in 0..<count {
        packet.replaceAll(with: span.extracting(index * protectedSize..<(index + 1) * protectedSize))
        try session.unprotectRTP(&packet, from: 0)
      }
    } catch {
      throw .failed(operation: "SRTP unprotect", reason: "\(error)")
    }
  }
}

private struct SRTPFloor: ~Copyable {
  /// With room for the tag.
  private(set) var packet: [UInt8]
  private let session: OpaquePointer
  private var nextNumber: UInt16 = 0
  private let size: Int

  init(_ profile: SRTPProfile, isInbound: Bool, payload: Int) throws(BenchmarkError) {
    size = SRTPRun.headerSize + payload
    packet = SRTPRun.plainPacket(size: size) + [UInt8](repeating: 0, count: profile.rtpOverhead)
    let isGCM: Int32 = profile == .aeadAES128GCM ? 1 : 0
    guard
      let session = floor_srtp_create(
        isGCM, isInbound ? 1 : 0, Int32(SRTPSession.replayWindow), SRTPRun.secret(profile))
    else { throw .failed(operation: "the floor's SRTP session", reason: "libsrtp2 refuses") }
    self.session = session
  }

  deinit { floor_srtp_free(session) }

  mutating func protect(_ count: Int) throws(BenchmarkError) {
    guard floor_srtp_protect(session, &packet, Int32(size), nextNumber, Int32(count)) == 1 else {
      throw .failed(operation: "the floor's SRTP protect", reason: "libsrtp2 refuses")
    }
    nextNumber &+= UInt16(truncatingIfNeeded: count)
  }

  mutating func unprotect(_ packets: [UInt8], _ count: Int) throws(BenchmarkError) {
    guard floor_srtp_unprotect(session, packets, Int32(packets.count / count), Int32(count), &packet) == 1 else {
      throw .failed(operation: "the floor's SRTP unprotect", reason: "libsrtp2 refuses")
    }
  }
}
