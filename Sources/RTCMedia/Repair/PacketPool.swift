import RTCPrimitives

/// Copies of packets in blocks that are used again: memory for as many as are kept at once, and no allocation after
/// warm-up. All blocks have the size of the largest packet so far, rounded up to a power of two.
struct PacketPool: Sendable {
  /// One block.
  struct Copy: Hashable, Sendable {
    fileprivate let index: Int32
    private let size: UInt16

    fileprivate init(block: Int, count: Int) {
      index = Int32(block)
      size = UInt16(count)
    }

    fileprivate var block: Int { Int(index) }
    var count: Int { Int(size) }

    /// A copy of nothing, which takes no block.
    static let none = Copy(block: -1, count: 0)
    var isNone: Bool { index < 0 }
  }

  private var blockSize = 64
  private var storage: [UInt8] = []
  private var free: [Int] = []

  /// - Precondition: fewer than 64 KiB, as any datagram has.
  mutating func store(_ bytes: Span<UInt8>) -> Copy {
    precondition(bytes.count <= Int(UInt16.max), "a datagram has fewer than 64 KiB")
    if bytes.count > blockSize { widen(to: bytes.count) }
    let block: Int
    if let reused = free.popLast() {
      block = reused
    } else {
      block = storage.count / blockSize
      storage.append(contentsOf: repeatElement(0, count: blockSize))
    }
    let begin = block * blockSize
    storage.withUnsafeMutableBufferPointer { target in
      bytes.withUnsafeBufferPointer { source in
        _ = target.extracting(begin..<begin + source.count).update(fromContentsOf: source)
      }
    }
    return Copy(block: block, count: bytes.count)
  }

  /// Gives the copy's memory back.
  mutating func release(_ copy: Copy) { free.append(copy.block) }

  /// The bytes of a copy.
  @_lifetime(borrow self)
  func bytes(of copy: Copy) -> Span<UInt8> {
    let begin = copy.block * blockSize
    return storage.span.extracting(begin..<begin + copy.count)
  }

  private mutating func widen(to size: Int) {
    var wider = blockSize
    while wider < size { wider *= 2 }
    let blocks = storage.count / blockSize
    var moved = [UInt8](repeating: 0, count: blocks * wider)
    for block in 0..<blocks {
      let old = storage[block * blockSize..<(block + 1) * blockSize]
      moved.replaceSubrange(block * wider..<block * wider + blockSize, with: old)
    }
    storage = moved
    blockSize = wider
  }
}
