import Foundation
import RTCMedia
import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport
import Testing

/// Timers and counters against values that were computed from the formulas of the RFCs.
struct TimerVectorTests {
  private struct File: Decodable {
    let vectors: [Case]
  }

  private struct Case: Decodable {
    struct Packet: Decodable {
      let rtp_ts: UInt32
      let arrival_rtp_units: Int64
      let jitter: Double
    }

    struct Step: Decodable {
      let seq: UInt16
      let ext_highest: UInt32
      let expected: Int64
      let received: Int64
      let cumulative_lost: Int32
    }

    let id: String
    let kind: String
    let rto_ms: Int?
    let rc: Int?
    let rm: Int?
    let send_at_ms: [Int]?
    let fail_at_ms: Int?
    let ta_ms: Int?
    let N: Int?
    let waiting: Int?
    let in_progress: Int?
    let arrival_ntp32: UInt32?
    let lsr: UInt32?
    let dlsr: UInt32?
    let rtt_ms: Double?
    let packets: [Packet]?
    let steps: [Step]?
  }

  @Test func `every timer and counter of the vectors comes out as computed`() throws {
    var ran = 0
    var skipped: [String: Int] = [:]
    for vector in try Vectors.decode(File.self, from: "timers/numeric.json").vectors {
      switch vector.kind {
      case "stun-retransmission": try retransmission(vector)
      case "ice-rto": try checkTimeout(vector)
      case "rtcp-rtt": try roundTrip(vector)
      case "jitter": try jitter(vector)
      case "loss-accounting": try loss(vector)
      case "rtcp-interval":
        skipped[
          "reports leave by a fixed interval here, as libwebrtc's do, not by RFC 3550's share of the bandwidth",
          default: 0] += 1
        continue
      default:
        Issue.record("\(vector.id): kind \(vector.kind) is not known")
        continue
      }
      Vectors.ran(vector.id, of: "timers/numeric.json")
      ran += 1
    }
    #expect(ran == 19 && skipped.map(\.value) == [10])
  }

  private func retransmission(_ vector: Case) throws {
    let schedule = STUNTransaction.Schedule(
      initialTimeout: .milliseconds(try #require(vector.rto_ms)), requestCount: try #require(vector.rc),
      finalMultiple: try #require(vector.rm))
    var generator = EntropySource(SeededGenerator(seed: 1, stream: "id"))
    var transaction = STUNTransaction(TransactionID(using: &generator), request: [], at: .start, schedule: schedule)
    var times = [0]
    while true {
      let due = transaction.nextTimeout
      let time = Int((due - .start).milliseconds)
      if transaction.handleTimeout(at: due) == .fail {
        #expect(time == vector.fail_at_ms, "\(vector.id)")
        break
      }
      times.append(time)
    }
    #expect(times == vector.send_at_ms, "\(vector.id)")
  }

  private func checkTimeout(_ vector: Case) throws {
    let active = try #require(vector.waiting) + #require(vector.in_progress)
    let timeout = ICEConfiguration.checkTimeout(
      pacing: .milliseconds(try #require(vector.ta_ms)), checks: try #require(vector.N), active: active)
    #expect(timeout == .milliseconds(try #require(vector.rto_ms)), "\(vector.id)")
  }

  private func roundTrip(_ vector: Case) throws {
    let block = ReportBlock(
      ssrc: 1, lastSenderReport: CompactNTP(rawValue: try #require(vector.lsr)),
      delaySinceLastSenderReport: CompactNTP(rawValue: try #require(vector.dlsr)))
    let arrival = NTPTimestamp(rawValue: UInt64(try #require(vector.arrival_ntp32)) << 16)
    let time = try #require(block.roundTripTime(at: arrival)).milliseconds
    #expect(abs(time - (try #require(vector.rtt_ms))) < 1e-3, "\(vector.id)")
  }

  private func jitter(_ vector: Case) throws {
    let rate: Int64 = 8000
    var statistics = ReceptionStatistics(clockRate: UInt32(rate))
    for (index, packet) in try #require(vector.packets).enumerated() {
      let arrival = Instant(nanoseconds: packet.arrival_rtp_units * 1_000_000_000 / rate)
      statistics.insert(SequenceNumber(UInt16(index)), timestamp: packet.rtp_ts, at: arrival)
      // RFC 3550 A.8's integer form against the floating-point one: a tick of rounding.
      #expect(abs(Double(statistics.jitter) - packet.jitter) <= 1, "\(vector.id) \(index)")
    }
  }

  private func loss(_ vector: Case) throws {
    var statistics = ReceptionStatistics(clockRate: 90_000)
    for step in try #require(vector.steps) {
      statistics.insert(SequenceNumber(step.seq), timestamp: 0, at: .start)
      #expect(statistics.packetsExpected == step.expected && statistics.packetsReceived == step.received)
      let summary = statistics.report()
      let report = try #require(summary)
      #expect(report.cumulativeLost == step.cumulative_lost)
      #expect(report.extendedHighestSequenceNumber == step.ext_highest)
    }
  }

  // MARK: Published constants

  private struct Constants: Decodable {
    struct Row: Decodable {
      let name: String
      let group: String
    }
    let vectors: [Row]
  }

  /// What is ours under the names of the public table, in its units.
  private static var ours: [String: Double] {
    let ice = ICEConfiguration(hosts: [])
    let schedule = STUNTransaction.Schedule()
    let pings = ICEChecking.PingIntervals()
    let dtls = DTLSTransport.Configuration()
    return [
      "Ta": ice.pacing.milliseconds, "STUN RTO initial": schedule.initialTimeout.milliseconds,
      "Rc": Double(schedule.requestCount), "Rm": Double(schedule.finalMultiple), "PAC timer": ice.patience.milliseconds,
      "keepalive Tr": ice.keepaliveInterval.inSeconds, "consent interval": ice.consentInterval.milliseconds,
      "consent expiry": ice.consentLifetime.milliseconds, "libwebrtc weak ping interval": pings.weak.milliseconds,
      "libwebrtc strong ping interval": pings.strong.milliseconds,
      "libwebrtc stable writable ping interval": pings.stable.milliseconds,
      "libwebrtc receiving timeout": pings.receivingTimeout.milliseconds,
      "libwebrtc connection write timeout": pings.writeTimeout.milliseconds,
      "initial retransmission timer": dtls.initialRetransmissionTimeout.milliseconds,
    ]
  }

  @Test(.enabled(if: Vectors.hasPublicData, "the public vectors are not there; RTCSIM_SHARED says where they are"))
  func `timers are those of the RFCs and of libwebrtc`() throws {
    let data = try #require(Vectors.publicData("timers/constants.json"))
    let rows = try JSONDecoder().decode(Constants.self, from: data).vectors
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let values = try #require(object["vectors"] as? [[String: Any]])
    var ran = 0
    for (number, (row, value)) in zip(rows, values).enumerated() {
      guard let our = Self.ours[row.name] else { continue }
      Vectors.ran(number, of: "public timers/constants.json")
      #expect(value["value"] as? Double == our, "\(row.name)")
      ran += 1
    }
    #expect(ran == Self.ours.count)
  }
}
