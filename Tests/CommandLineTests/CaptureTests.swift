import Foundation
import RTCPrimitives
import TestSupport
import Testing

@testable import rtcsim

/// Captures that are put together here, by the letter of their specifications.
enum CaptureSample {
  /// A Binding request from 192.0.2.1:5000 to 198.51.100.2:3478, as an IPv4 packet.
  static let stunBinding = ipv4("c0000201", "c6336402", ports: "13880d96", payload: binding)
  static let binding = "000100002112a442000102030405060708090a0b"

  static func ipv4(_ source: String, _ destination: String, ports: String, payload: String) -> [UInt8] {
    let udp = 8 + payload.count / 2
    return bytes(
      hex: "4500\(number(20 + udp))00000000401100 00\(source)\(destination)\(ports)\(number(udp))0000\(payload)")
  }

  static func ipv6(payload: String) -> [UInt8] {
    let udp = 8 + payload.count / 2
    let address = "20010db80000000000000000000000"
    return bytes(hex: "60000000\(number(udp))1140\(address)01\(address)02 13880d96\(number(udp))0000\(payload)")
  }

  /// A pcapng file of raw IP packets with nanosecond times.
  static func blocks(of packets: [(nanoseconds: UInt32, bytes: [UInt8])], linkType: UInt16 = 101) -> [UInt8] {
    var file = block(0x0A0D_0D0A, little(0x1A2B_3C4D) + little(1) + little(.max) + little(.max))
    file += block(1, little(UInt32(linkType)) + little(0) + [9, 0, 1, 0, 9, 0, 0, 0] + little(0))
    for packet in packets {
      let count = UInt32(packet.bytes.count)
      file += block(
        6, little(0) + little(0) + little(packet.nanoseconds) + little(count) + little(count) + packet.bytes)
    }
    return file
  }

  /// A classic file; `swapped` is big-endian with microseconds.
  static func classic(of packets: [[UInt8]], linkType: UInt32, swapped: Bool) -> [UInt8] {
    let number: (UInt32) -> [UInt8] = swapped ? { big($0) } : { little($0) }
    var file = number(swapped ? 0xA1B2_C3D4 : 0xA1B2_3C4D) + number(4 << 16 | 2) + number(0) + number(0)
    file += number(65535) + number(linkType)
    for packet in packets {
      file += number(1) + number(500) + number(UInt32(packet.count)) + number(UInt32(packet.count)) + packet
    }
    return file
  }

  private static func block(_ type: UInt32, _ body: [UInt8]) -> [UInt8] {
    let padded = body + [UInt8](repeating: 0, count: -body.count & 3)
    let length = little(UInt32(padded.count + 12))
    return little(type) + length + padded + length
  }

  private static func number(_ value: Int) -> String { hex(big(UInt32(value)).suffix(2)) }
  private static func little(_ value: UInt32) -> [UInt8] { big(value).reversed() }
  private static func big(_ value: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
}

struct CaptureTests {
  private func datagrams(_ file: [UInt8]) throws -> [JSON] {
    let inspection = try Inspector().inspect(file, as: .auto)
    guard case .object(let members) = inspection.json, case .array(let datagrams) = members.last?.value else {
      return []
    }
    return datagrams
  }

  private func binding(_ number: Int, time: UInt64, from source: String, to destination: String) -> JSON {
    [
      "number": JSON(number), "timeNanoseconds": JSON(time), "source": .string(source),
      "destination": .string(destination), "length": 20, "kind": "stun", "summary": "Binding request",
    ]
  }

  private let ipv4 = ("192.0.2.1:5000", "198.51.100.2:3478")

  @Test func `a pcapng file of raw IP keeps its nanoseconds and both families`() throws {
    let file = CaptureSample.blocks(of: [
      (1_000_000_007, CaptureSample.stunBinding), (2, CaptureSample.ipv6(payload: CaptureSample.binding)),
    ])
    #expect(
      try datagrams(file) == [
        binding(1, time: 1_000_000_007, from: ipv4.0, to: ipv4.1),
        binding(2, time: 2, from: "[2001:db8::1]:5000", to: "[2001:db8::2]:3478"),
      ])
  }

  @Test(arguments: [
    (1, "0200000000010200000000020800"), (1, "02000000000102000000000281000005" + "0800"),
    (113, "00000001000602000000000100000800"), (276, "080000000000000200010006020000000001" + "0000"), (101, ""),
  ])
  func `classic files of every link layer and both byte orders are read`(linkType: Int, header: String) throws {
    for (swapped, time) in [(false, 1_000_000_500), (true, 1_000_500_000)] as [(Bool, UInt64)] {
      let packet = bytes(hex: header) + CaptureSample.stunBinding
      let file = CaptureSample.classic(of: [packet], linkType: UInt32(linkType), swapped: swapped)
      #expect(try datagrams(file) == [binding(1, time: time, from: ipv4.0, to: ipv4.1)])
    }
  }

  @Test func `what is no UDP datagram is passed over but counted`() throws {
    var tcp = CaptureSample.stunBinding
    tcp[9] = 6
    var fragment = CaptureSample.stunBinding
    fragment[7] = 1
    let file = CaptureSample.blocks(of: [(1, tcp), (2, fragment), (3, [0x45]), (4, []), (5, CaptureSample.stunBinding)])
    #expect(try datagrams(file) == [binding(5, time: 5, from: ipv4.0, to: ipv4.1)])
    #expect(try Inspector().inspect(file, as: .auto).json.text().contains("\"packets\": 5"))
  }

  @Test func `every kind of datagram is named`() throws {
    let payloads = [
      ("80600324783646bf1cc62be5", "rtp", "payload type 96, sequence 804, timestamp 2016822975, SSRC 0x1cc62be5"),
      ("81c9000700000001", "rtcp", "RR first, from SSRC 0x00000001"),
      ("14fefd0000000000000000000101", "dtls", "ChangeCipherSpec"),
      ("40000014" + CaptureSample.binding, "channelData", "channel 0x4000, stun: Binding request"),
      ("c0ff", "quic", ""),
    ]
    let packets = payloads.map { CaptureSample.ipv4("c0000201", "c6336402", ports: "13880d96", payload: $0.0) }
    let found = try datagrams(CaptureSample.blocks(of: packets.map { (1, $0) }))
    let expected = payloads.enumerated().map { index, payload -> JSON in
      [
        "number": JSON(index + 1), "timeNanoseconds": JSON(1 as UInt64), "source": .string(ipv4.0),
        "destination": .string(ipv4.1),
        "length": JSON(payload.0.count / 2), "kind": .string(payload.1), "summary": .string(payload.2),
      ]
    }
    #expect(found == expected)
  }

  @Test(arguments: [
    (40, "pcap at offset 32: a block of 32 bytes, 12 are left"),
    (30, "pcap at offset 28: a block type needs 4 bytes, 2 are left"),
    (4, "pcap at offset 4: a section header needs 4 bytes, 0 are left"),
  ])
  func `a capture that is cut says where`(count: Int, message: String) throws {
    let file = Array(CaptureSample.blocks(of: [(1, CaptureSample.stunBinding)]).prefix(count))
    let error = #expect(throws: InspectionError.self) { try Inspector().inspect(file, as: .auto) }
    #expect("\(try #require(error))" == message)
  }

  @Test func `a link layer that is not known is refused`() throws {
    let file = CaptureSample.blocks(of: [(1, CaptureSample.stunBinding)], linkType: 147)
    let error = #expect(throws: InspectionError.self) { try Inspector().inspect(file, as: .pcap) }
    #expect("\(try #require(error))".hasPrefix("pcap at offset "))
    #expect("\(try #require(error))".contains("link type 147, allowed: 1 (Ethernet)"))
  }
}
