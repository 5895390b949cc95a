import RTCPrimitives
import SimKernel

/// What passed one interface, as a pcapng file with nanosecond time stamps and real IP, UDP and TCP headers.
///
/// Bytes that a run in `model` fidelity only counts are missing from the capture: the packet's original length is
/// larger than its captured length.
/// - SeeAlso: draft-ietf-opsawg-pcapng; link type 101 (raw IP)
public struct PacketCapture: Sendable {
  /// The file's contents so far.
  public private(set) var bytes: [UInt8] = []
  /// How many packets were captured.
  public private(set) var count = 0
  private var identification: UInt16 = 0

  public init() {
    appendBlock(type: 0x0A0D_0D0A) { block in
      block.append32(0x1A2B_3C4D)
      block.append32(1)
      block.append32(0xFFFF_FFFF)
      block.append32(0xFFFF_FFFF)
    }
    appendBlock(type: 1) { block in
      block.append32(101)
      block.append32(0)
      // if_tsresol: 10^-9 seconds; then the end of the options.
      block.append32(9 | 1 << 16)
      block.append32(9)
      block.append32(0)
    }
  }

  mutating func append(_ packet: PacketHandle, of simulation: Simulation) {
    let record = simulation[packet]
    let time = UInt64(bitPattern: simulation.now.nanoseconds)
    simulation.withBytes(of: packet) { payload in
      var header = IPHeaderWriter(identification: identification)
      header.write(
        record.transport, from: record.source, to: record.destination, payload: payload, elided: Int(record.elided))
      identification &+= 1
      let captured = header.bytes.count + payload.count - header.payloadOffset
      appendBlock(type: 6) { block in
        block.append32(0)
        block.append32(UInt32(truncatingIfNeeded: time >> 32))
        block.append32(UInt32(truncatingIfNeeded: time))
        block.append32(UInt32(captured))
        block.append32(UInt32(captured + Int(record.elided)))
        block.append(contentsOf: header.bytes)
        for index in header.payloadOffset..<payload.count { block.append(payload[index]) }
        while !block.count.isMultiple(of: 4) { block.append(0) }
      }
    }
    count += 1
  }

  private mutating func appendBlock(type: UInt32, _ write: (inout [UInt8]) -> Void) {
    var body: [UInt8] = []
    write(&body)
    let length = UInt32(body.count + 12)
    bytes.append32(type)
    bytes.append32(length)
    bytes.append(contentsOf: body)
    bytes.append32(length)
  }
}

extension [UInt8] {
  /// Appends little-endian, as the section header announces.
  fileprivate mutating func append32(_ value: UInt32) {
    for shift in [0, 8, 16, 24] as [UInt32] { append(UInt8(truncatingIfNeeded: value >> shift)) }
  }
}
