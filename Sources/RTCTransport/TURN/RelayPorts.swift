import RTCPrimitives

/// The ports of one relay address: which are free, and which allocation holds the others.
///
/// Ports are handed out in turn, so the same requests always get the same ports.
struct RelayPorts: Sendable {
  enum Parity { case any, even, evenWithNextFree }

  let address: IPAddress
  private let range: ClosedRange<UInt16>
  /// Per port the index of its allocation, or one of the marks.
  private var holders: [Int32]
  private var cursor = 0

  private static let free: Int32 = -1
  private static let reserved: Int32 = -2
  private static let withheld: Int32 = -3

  init(address: IPAddress, range: ClosedRange<UInt16>) {
    self.address = address
    self.range = range
    holders = Array(repeating: Self.free, count: range.count)
  }

  /// The allocation that holds `endpoint`; `nil` when it is no relayed endpoint.
  @inline(__always) func holder(of endpoint: Endpoint) -> Int? {
    guard range.contains(endpoint.port), endpoint.address == address else { return nil }
    let holder = holders[Int(endpoint.port - range.lowerBound)]
    return holder >= 0 ? Int(holder) : nil
  }

  /// Whether `endpoint` belongs to the relay, held or not.
  @inline(__always) func covers(_ endpoint: Endpoint) -> Bool {
    range.contains(endpoint.port) && endpoint.address == address && self[endpoint.port] != Self.withheld
  }

  /// The next free port of the wanted kind; it stays free until it is assigned.
  mutating func nextFree(_ parity: Parity) -> UInt16? {
    for step in 0..<holders.count {
      let index = (cursor + step) % holders.count
      guard holders[index] == Self.free else { continue }
      let port = range.lowerBound + UInt16(index)
      if parity != .any, !port.isMultiple(of: 2) { continue }
      if parity == .evenWithNextFree {
        guard index + 1 < holders.count, holders[index + 1] == Self.free else { continue }
      }
      cursor = (index + 1) % holders.count
      return port
    }
    return nil
  }

  mutating func assign(_ port: UInt16, to allocation: Int) { self[port] = Int32(allocation) }
  mutating func reserve(_ port: UInt16) { self[port] = Self.reserved }
  /// Takes a port out for good, if it is one of the relay's.
  mutating func withhold(_ endpoint: Endpoint) { if covers(endpoint) { self[endpoint.port] = Self.withheld } }
  mutating func release(_ port: UInt16) { self[port] = Self.free }

  private subscript(port: UInt16) -> Int32 {
    get { holders[Int(port - range.lowerBound)] }
    set { holders[Int(port - range.lowerBound)] = newValue }
  }
}
