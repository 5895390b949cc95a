import SimNetwork

/// Who connects how: the truth table of connectivity.
public enum ConnectivityMatrix {
  /// The pairs of all accesses: first those without and with NATs among themselves, then those that let no UDP out with
  /// each of these, with themselves and with the stricter ones.
  public static func pairs(seed: UInt64 = 1) -> [ConnectivityRun] {
    let all = AccessBehaviors.all.map(\.access)
    let passing = all.filter { !$0.blocksUDP }
    let blocking = all.filter(\.blocksUDP)
    var pairs: [ConnectivityRun] = []
    for (index, offerer) in passing.enumerated() {
      for answerer in passing[index...] {
        pairs.append(ConnectivityRun(offerer: offerer, answerer: answerer, seed: seed))
      }
    }
    for (index, offerer) in blocking.enumerated() {
      for answerer in passing + blocking[index...] {
        pairs.append(ConnectivityRun(offerer: offerer, answerer: answerer, seed: seed))
      }
    }
    return pairs
  }
}

extension AccessBehavior {
  fileprivate var blocksUDP: Bool {
    switch firewall {
    case .blockUDP, .tcp443Only: true
    case .stateful, nil: false
    }
  }
}
