import SimKernel

/// One hash over the trace hashes of many runs, in their order.
public struct TraceDigest: Hashable, Sendable, CustomStringConvertible {
  private var hash = TraceHash()

  public init() {}

  public mutating func combine(_ traceHash: String) { hash.combine(traceHash) }

  /// Sixteen hexadecimal digits.
  public var description: String { hash.description }
}
