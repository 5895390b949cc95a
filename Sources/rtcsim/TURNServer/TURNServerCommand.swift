import Foundation
import RTCPrimitives
import RTCSockets
import RTCTransport

/// `rtcsim turn-server`: the TURN and STUN server of the simulation, for real clients.
struct TURNServerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "turn-server", abstract: "Serves TURN and STUN to real clients, over UDP and TCP.",
    discussion: """
      Only clients with a user name and a password are lent anything. What is relayed to this machine itself, to private
      networks or to several hosts at once is refused. It serves until Control-C or --duration, and writes a line of
      JSON when it begins and another when it ends.
      """)

  @Option(help: ArgumentHelp("Addresses and ports for UDP and TCP; port 0 takes a free one.", valueName: "endpoints"))
  var listen = CommaSeparated([Endpoint(IPAddress(127, 0, 0, 1), TURN.port)])
  @Flag(help: "Allows to listen where other machines can come.") var `public` = false
  @Option(
    help: ArgumentHelp("May be repeated; everybody on this machine can read it here.", valueName: "name:password"))
  var user: [UserCredentials]
  @Option(help: ArgumentHelp("A file with one name:password in each line.", valueName: "file"))
  var credentials: String?
  @Option(help: "What clients are told their user names belong to.") var realm = "rtcsim"
  @Option(
    help: ArgumentHelp("The addresses to relay from; those that are listened at otherwise.", valueName: "addresses"))
  var relayAddress: CommaSeparated<IPAddress>?
  @Option(help: "The lowest relayed port.") var minPort = PortNumber(TURN.relayPorts.lowerBound)
  @Option(help: "The highest relayed port.") var maxPort = PortNumber(TURN.relayPorts.upperBound)
  @Option(help: "How many allocations a user may have at once.") var quota = 16
  @Option(help: "How many allocations there may be in all.") var totalQuota = 256
  @Option(help: "How much one allocation may relay in each direction.") var rate = DataRate.megabitsPerSecond(20)
  @Flag(help: "Relays to private networks and to this machine, too.") var allowPrivateRelay = false
  @Option(help: "Ends after so long.") var duration: Duration?

  func run() throws {
    let passwords = try UserCredentials.table(user, file: credentials)
    try check()
    let loop = try SocketLoop()
    let signals = try StopSignals(on: loop)
    let service = try TURNService(serviceConfiguration(passwords), on: loop)
    warn()
    Terminal.write(TURNServiceReport.beginning(of: service).text(isPretty: false) + "\n")
    let end = duration.map { loop.clock.now + $0 }
    loop.run(asking: .milliseconds(100)) { !signals.haveCome && end.map { loop.clock.now < $0 } ?? true }
    service.close()
    Terminal.write(TURNServiceReport.end(of: service).text(isPretty: false) + "\n")
  }

  private func serviceConfiguration(_ passwords: [String: String]) -> TURNService.Configuration {
    TURNService.Configuration(
      server: TURNServer.Configuration(
        realm: realm, passwords: passwords, relayAddresses: relayAddresses,
        relayPorts: minPort.number...maxPort.number, allocationsPerUser: quota, totalAllocations: totalQuota,
        ratePerAllocation: rate, reach: allowPrivateRelay ? .all : .globalOnly, forbiddenPeers: forbiddenPeers,
        software: "rtcsim"),
      listeners: listen.elements)
  }

  private var relayAddresses: [IPAddress] {
    if let relayAddress { return relayAddress.elements }
    var found: [IPAddress] = []
    for endpoint in listen.elements where !found.contains(where: { $0.family == endpoint.address.family }) {
      found.append(endpoint.address)
    }
    return found
  }

  /// The server's own addresses, but for those of the relay, where the core lets pass what it relays itself.
  private var forbiddenPeers: Set<IPAddress> {
    allowPrivateRelay ? [] : Set(listen.elements.map(\.address)).subtracting(relayAddresses)
  }

  private func check() throws {
    for endpoint in listen.elements {
      guard !endpoint.address.isUnspecified, !endpoint.address.isMulticast else {
        throw CommandLineError.badValue(
          name: "--listen", found: "\(endpoint)", allowed: "addresses of this machine: \(try Self.ownAddresses())",
          nearest: nil)
      }
      guard `public` || endpoint.address.isLoopback else {
        throw CommandLineError.badValue(
          name: "--listen", found: "\(endpoint)",
          allowed: "127.0.0.1 and ::1, or with --public addresses that other machines can reach", nearest: nil)
      }
    }
    try checkRelay()
    guard realm.utf8.count <= 127, !realm.contains("\"") else {
      throw CommandLineError.badValue(
        name: "--realm", found: realm, allowed: "a text of at most 127 bytes without quotation marks", nearest: nil)
    }
    for (name, value) in [("--quota", quota), ("--total-quota", totalQuota)] where value < 1 {
      throw CommandLineError.badValue(
        name: name, found: "\(value)", allowed: "a whole number of at least 1", nearest: nil)
    }
    guard rate.bitsPerSecond > 0 else {
      throw CommandLineError.badValue(name: "--rate", found: "0", allowed: "a rate above 0", nearest: nil)
    }
    let most = DescriptorLimit.raise() - Self.otherDescriptors
    guard totalQuota * relayAddresses.count <= most else {
      throw CommandLineError.badValue(
        name: "--total-quota", found: "\(totalQuota)",
        allowed: "at most \(max(0, most / relayAddresses.count)), for no more files can be open here", nearest: nil)
    }
  }

  /// Sockets of TCP clients and listeners, and what the process has open anyway.
  private static let otherDescriptors = 256 + 64

  private func checkRelay() throws {
    guard minPort.number >= 1024, minPort.number <= maxPort.number else {
      throw CommandLineError.badValue(
        name: "--min-port", found: "\(minPort.number)", allowed: "a port from 1024 to --max-port \(maxPort.number)",
        nearest: nil)
    }
    let families = relayAddresses.map(\.family)
    guard Set(families).count == families.count, !relayAddresses.contains(where: { $0.isUnspecified }) else {
      throw CommandLineError.badValue(
        name: "--relay-address", found: relayAddresses.map(\.description).joined(separator: ","),
        allowed: "one IPv4 and one IPv6 address of this machine at most: \(try Self.ownAddresses())", nearest: nil)
    }
  }

  private static func ownAddresses() throws -> String {
    try LocalAddresses.all().map { "\($0.address)" }.joined(separator: ", ")
  }

  private func warn() {
    for endpoint in listen.elements where !endpoint.address.isLoopback {
      Terminal.writeError("rtcsim turn-server: warning: \(endpoint) can be reached from other machines\n")
    }
    for address in relayAddresses where !allowPrivateRelay && !address.isGlobal {
      Terminal.writeError(
        "rtcsim turn-server: warning: peers reach \(address) from this network only, where nothing is relayed to "
          + "without --allow-private-relay\n")
    }
  }
}
