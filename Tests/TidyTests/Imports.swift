/// Which of our targets and which system libraries a target may import: downward only.
enum Imports {
  /// `nil` for a target that is not known.
  static func allowed(for target: String) -> Set<String>? { table[target] }

  static let targets = Set(table.keys)

  /// Kept out of the protocol cores, which have no clock, files, threads or sockets.
  static let impure: Set = ["Foundation", "FoundationEssentials", "Dispatch", "Synchronization"]

  private static let protocols: Set = ["RTCPrimitives", "RTCWire", "RTCTransport", "RTCMedia", "RTCSession"]
  private static let simulation: Set = ["SimKernel", "SimNetwork", "SimNodes", "SimSessions"]

  private static let table: [String: Set<String>] = [
    "RTCPrimitives": ["CHints"],
    "RTCWire": ["RTCPrimitives"],
    "RTCTransport": ["RTCPrimitives", "RTCWire", "COpenSSL", "CSRTP", "CUsrsctp"],
    "RTCMedia": ["RTCPrimitives", "RTCWire", "COpus", "CVPX", "CYUV"],
    "RTCSession": protocols.subtracting(["RTCSession"]),
    "RTCSockets": protocols.union(["CEpoll"]),
    "SimKernel": ["RTCPrimitives", "CHints", "CHostHooks"],
    "SimNetwork": ["RTCPrimitives", "RTCWire", "SimKernel"],
    "SimNodes": protocols.union(["SimKernel", "SimNetwork"]),
    "SimSessions": protocols.union(["SimKernel", "SimNetwork", "SimNodes"]),
    "Benchmarks": protocols.union(simulation).union(["COpenSSL", "CSRTP", "COpus", "CVPX", "CYUV", "CFloors"]),
    "WebHost": ["CWebSockets"],
    "rtcsim": protocols.union(simulation).union(["Benchmarks", "RTCSockets", "WebHost", "CEdit"]),
  ]

  /// What `target` may not import among what it does import, with the reason.
  static func objection(to module: String, in target: String) -> String? {
    guard let allowed = allowed(for: target) else {
      return "target \(target) is banned until it stands in the table, use Tests/TidyTests/Imports.swift"
    }
    let names = allowed.sorted().joined(separator: ", ")
    let own = allowed.contains(module)
    let ours = targets.contains(module) || module.wholeMatch(of: /C[A-Z]\w+/) != nil
    let core = protocols.contains(target)
    guard !own, ours || (core && impure.contains(module)) else { return nil }
    return "import \(module) in \(target) is banned, use \(names.isEmpty ? "no other module" : "only \(names)")"
  }
}
