import RTCPrimitives

/// How candidates of two address families share the ranks, so that a family that is broken delays the other only a little.
///
/// - SeeAlso: RFC 8421 §4
enum DualStack {
  /// How many IPv6 candidates go before each IPv4 candidate: `Hi = (N_4 + N_6) / N_4`.
  ///
  /// - Precondition: there is an IPv4 candidate.
  static func headStart(ipv4 count4: Int, ipv6 count6: Int) -> Int { (count4 + count6) / count4 }

  /// The rank of each address, 0 for the most preferred one; within a family the order stays.
  ///
  /// IPv6 begins, and after every `Hi` of its addresses there is one of IPv4. What is left of IPv4 comes last. With one
  /// family the ranks are the order.
  static func ranks(of families: [IPAddress.Family]) -> [Int] {
    var ipv4 = families.indices.filter { families[$0] == .ipv4 }[...]
    var ipv6 = families.indices.filter { families[$0] == .ipv6 }[...]
    guard !ipv4.isEmpty, !ipv6.isEmpty else { return Array(families.indices) }
    let headStart = headStart(ipv4: ipv4.count, ipv6: ipv6.count)
    var ranked: [Int] = []
    while !ipv4.isEmpty || !ipv6.isEmpty {
      for _ in 0..<headStart { if let next = ipv6.popFirst() { ranked.append(next) } }
      if let next = ipv4.popFirst() { ranked.append(next) }
    }
    var ranks = [Int](repeating: 0, count: families.count)
    for (rank, index) in ranked.enumerated() { ranks[index] = rank }
    return ranks
  }
}
