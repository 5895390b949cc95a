/// Up to 15 CSRC identifiers, kept in place (RFC 3550 §5.1).
public struct ContributingSources: Sendable {
  /// What the four-bit CC field can count.
  public static let capacity = 15

  /// How many identifiers there are.
  public private(set) var count = 0
  private var storage = InlineArray<15, UInt32>(repeating: 0)

  /// An empty list.
  public init() {}

  /// The identifiers of `sources`, in order.
  ///
  /// - Precondition: there are at most 15.
  public init(_ sources: some Sequence<UInt32>) {
    for source in sources { append(source) }
  }

  /// Whether there is none.
  public var isEmpty: Bool { count == 0 }

  /// The identifier at `index`, in 0 ..< `count`.
  public subscript(_ index: Int) -> UInt32 {
    precondition(index >= 0 && index < count, "the index lies inside the list")
    return storage[index]
  }

  /// Adds an identifier.
  ///
  /// - Precondition: there are fewer than 15.
  public mutating func append(_ source: UInt32) {
    precondition(count < Self.capacity, "an RTP header holds at most 15 CSRC identifiers")
    storage[count] = source
    count += 1
  }

  /// The identifiers as an array (allocates).
  public var array: [UInt32] { (0..<count).map { storage[$0] } }
}

extension ContributingSources: Hashable {
  public static func == (left: ContributingSources, right: ContributingSources) -> Bool {
    guard left.count == right.count else { return false }
    for index in 0..<left.count where left.storage[index] != right.storage[index] { return false }
    return true
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(count)
    for index in 0..<count { hasher.combine(storage[index]) }
  }
}

extension ContributingSources: ExpressibleByArrayLiteral {
  public init(arrayLiteral elements: UInt32...) { self.init(elements) }
}
