import RTCPrimitives

/// A packet of a simulation: an index into its slab, valid until the kernel has delivered or dropped it.
public struct PacketHandle: Hashable, Sendable {
  public let rawValue: UInt32

  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// What the kernel and the network know of a packet beside its bytes.
public struct PacketRecord {
  /// As the bearer of the packet sees them now: a NAT changes them.
  public var source: Endpoint
  public var destination: Endpoint
  /// Bytes of the UDP payload, or of the TCP segment with its header, that are stored.
  public let storedCount: UInt32
  /// Those of them that are only counted.
  public let elided: UInt32
  /// Who sent it, and where on its way it is: the network's own notes.
  public var sender: UInt32 = 0
  public var location: UInt32 = 0
  public var stage: UInt8 = 0
  public let transport: TransportProtocol
  @usableFromInline var payload: UnsafeMutablePointer<UInt8>?
  @usableFromInline var payloadClass: UInt8

  @inlinable var stored: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: payload, count: Int(storedCount))
  }

  /// The size of the UDP payload, or of the TCP segment, on the wire.
  @inlinable public var payloadSize: DataSize { .bytes(Int(storedCount) + Int(elided)) }

  /// The size of the IP packet: payload, 8 bytes of UDP (a TCP segment has its header in it) and 20 (IPv4) or 40 (IPv6)
  /// bytes of IP header.
  @inlinable public var wireSize: DataSize {
    .bytes(
      Int(storedCount) + Int(elided) + transport.headerSize + (destination.address.family == .ipv4 ? 20 : 40))
  }

  @usableFromInline
  init(
    source: Endpoint, destination: Endpoint, transport: TransportProtocol, storedCount: Int, elided: Int,
    payload: UnsafeMutablePointer<UInt8>?, payloadClass: UInt8
  ) {
    self.source = source
    self.destination = destination
    self.transport = transport
    self.storedCount = UInt32(storedCount)
    self.elided = UInt32(elided)
    self.payload = payload
    self.payloadClass = payloadClass
  }
}

/// All packets of a simulation that are on their way, with their bytes in pooled buffers of three sizes.
///
/// A freed packet's place and buffer are used again, so that no event allocates once a run is warm.
@usableFromInline
struct PacketSlab: ~Copyable {
  @usableFromInline static let classSizes = (small: 192, medium: 2048, large: 65536)

  @usableFromInline var records: UnsafeMutablePointer<PacketRecord>
  @usableFromInline var capacity = 1024
  @usableFromInline var used = 0
  /// A freed record's `sender` is the next free one: a list in the records themselves costs no second memory.
  @usableFromInline var firstFree = UInt32.max
  @usableFromInline var freeCount = 0
  @usableFromInline var freeSmall: [UnsafeMutablePointer<UInt8>] = []
  @usableFromInline var freeMedium: [UnsafeMutablePointer<UInt8>] = []
  @usableFromInline var freeLarge: [UnsafeMutablePointer<UInt8>] = []
  @usableFromInline var blocks: [UnsafeMutablePointer<UInt8>] = []

  @usableFromInline
  init() { records = .allocate(capacity: capacity) }

  @inlinable deinit {
    records.deallocate()
    for block in blocks { block.deallocate() }
  }

  /// How many packets are on their way.
  @inlinable var count: Int { used - freeCount }

  @inlinable @inline(__always)
  subscript(_ handle: PacketHandle) -> PacketRecord {
    get { records[Int(handle.rawValue)] }
    _modify { yield &records[Int(handle.rawValue)] }
  }

  /// Stores a packet with a copy of `bytes`.
  ///
  /// - Precondition: the UDP payload has at most 65,507 bytes.
  @usableFromInline
  mutating func insert(
    _ bytes: Span<UInt8>, elided: Int, over transport: TransportProtocol, from source: Endpoint,
    to destination: Endpoint
  ) -> PacketHandle {
    precondition(bytes.count + elided <= 65507, "a UDP datagram holds at most 65,507 bytes")
    let (payload, payloadClass) = buffer(for: bytes.count)
    if let payload {
      bytes.withUnsafeBufferPointer { payload.update(from: $0.baseAddress!, count: $0.count) }
    }
    let record = PacketRecord(
      source: source, destination: destination, transport: transport, storedCount: bytes.count, elided: elided,
      payload: payload, payloadClass: payloadClass)
    return place(record)
  }

  /// Removes a packet; its handle may be used again.
  @usableFromInline
  mutating func remove(_ handle: PacketHandle) {
    let record = records + Int(handle.rawValue)
    if let payload = record.pointee.payload {
      switch record.pointee.payloadClass {
      case 0: freeSmall.append(payload)
      case 1: freeMedium.append(payload)
      default: freeLarge.append(payload)
      }
    }
    record.pointee.sender = firstFree
    firstFree = handle.rawValue
    freeCount &+= 1
  }

  /// The bytes of a packet, to be read before the packet is removed.
  @inlinable @inline(__always)
  func bytes(of handle: PacketHandle) -> UnsafeBufferPointer<UInt8> {
    records[Int(handle.rawValue)].stored
  }

  @inline(__always)
  private mutating func place(_ record: PacketRecord) -> PacketHandle {
    let index = firstFree
    guard index != .max else {
      if used == capacity { grow() }
      (records + used).initialize(to: record)
      used &+= 1
      return PacketHandle(rawValue: UInt32(used &- 1))
    }
    let place = records + Int(index)
    firstFree = place.pointee.sender
    freeCount &-= 1
    place.initialize(to: record)
    return PacketHandle(rawValue: index)
  }

  private mutating func buffer(for count: Int) -> (UnsafeMutablePointer<UInt8>?, UInt8) {
    switch count {
    case 0: (nil, 0)
    case ...Self.classSizes.small: (Self.take(&freeSmall, size: Self.classSizes.small, blocks: &blocks), 0)
    case ...Self.classSizes.medium: (Self.take(&freeMedium, size: Self.classSizes.medium, blocks: &blocks), 1)
    default: (Self.take(&freeLarge, size: Self.classSizes.large, blocks: &blocks), 2)
    }
  }

  private static func take(
    _ free: inout [UnsafeMutablePointer<UInt8>], size: Int, blocks: inout [UnsafeMutablePointer<UInt8>]
  ) -> UnsafeMutablePointer<UInt8> {
    if let buffer = free.popLast() { return buffer }
    let perBlock = max(1, 262_144 / size)
    let block = UnsafeMutablePointer<UInt8>.allocate(capacity: size * perBlock)
    blocks.append(block)
    for index in 1..<perBlock { free.append(block + index * size) }
    return block
  }

  private mutating func grow() {
    let more = UnsafeMutablePointer<PacketRecord>.allocate(capacity: capacity * 2)
    more.moveInitialize(from: records, count: used)
    records.deallocate()
    records = more
    capacity *= 2
  }
}
