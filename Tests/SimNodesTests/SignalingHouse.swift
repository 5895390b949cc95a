import RTCPrimitives
import RTCSession
import SimKernel
import SimNodes
import Synchronization

/// A member that writes down what it is told.
actor SignalingListener: SignalingMember {
  nonisolated let port: NodePort
  private(set) var letters: [SignalingHouse.Letter] = []
  private(set) var changes: [SignalingHouse.Change] = []
  private(set) var present: [String]?
  private(set) var joinedAt: Duration?

  init(_ port: NodePort) { self.port = port }

  func receive(_ datagram: Datagram, at now: Instant) {}
  func wake(at now: Instant) {}

  func signaled(_ message: SignalingMessage, from peer: String) {
    letters.append(SignalingHouse.Letter(time: port.simulation.now - .start, sender: peer, message: message))
  }

  func signalingChanged(isConnected: Bool) {
    changes.append(SignalingHouse.Change(time: port.simulation.now - .start, isConnected: isConnected))
  }

  func join(_ server: SignalingServer, _ path: SignalingAccess) async {
    present = await server.join(self, over: path)
    joinedAt = port.simulation.now - .start
  }
}

/// Members called a, b, c … of one server, and what they are to do.
struct SignalingHouse {
  struct Change: Hashable, Sendable {
    let time: Duration
    let isConnected: Bool
  }

  struct Letter: Hashable, Sendable {
    /// Since the start.
    let time: Duration
    let sender: String
    let message: SignalingMessage
  }

  let simulation: Simulation
  let log: SignalingLog
  let server: SignalingServer
  let members: [SignalingListener]

  init(_ count: Int, _ settings: SignalingSettings = SignalingSettings(), seed: UInt64 = 1) {
    let simulation = Simulation(seed: seed)
    self.simulation = simulation
    let log = SignalingLog()
    self.log = log
    let server = SignalingServer(
      simulation.makePort(named: "signaling"), settings: settings, observer: log)
    simulation.register(server)
    self.server = server
    members = (0..<count).map { SignalingListener(simulation.makePort(named: String(Array("abcdef")[$0]))) }
    for member in members { simulation.register(member) }
  }

  func changes(_ index: Int) -> [Change] {
    let member = members[index]
    return simulation.perform { await member.changes }
  }

  func joinedAt(_ index: Int) -> Duration? {
    let member = members[index]
    return simulation.perform { await member.joinedAt }
  }

  func at(_ time: Duration, _ body: @escaping @Sendable () async -> Void) {
    let simulation = simulation
    simulation.spawn {
      await simulation.sleep(until: .start + time)
      await body()
    }
  }

  /// Everybody is in the room at 1 s.
  func joinAll(_ paths: [SignalingAccess]) {
    let server = server
    for (index, (member, path)) in zip(members, paths).enumerated() {
      at(.milliseconds(index)) { await member.join(server, path) }
    }
  }

  func letters(_ index: Int) -> [Letter] {
    let member = members[index]
    return simulation.perform { await member.letters }
  }
}

/// How far each message came.
final class SignalingLog: SessionObserver {
  private let written = Mutex<[SignalingTransfer.Stage]>([])

  func noted(_ milestone: Milestone) {}

  func disclosed(_ record: DisclosedRecord) {}

  func signaled(_ transfer: SignalingTransfer, _ stage: SignalingTransfer.Stage) {
    written.withLock { $0.append(stage) }
  }

  func count(_ stage: SignalingTransfer.Stage) -> Int { written.withLock { log in log.count { $0 == stage } } }
}
