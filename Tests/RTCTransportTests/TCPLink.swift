import RTCPrimitives
import RTCTransport
import RTCWire

/// Two ends of a TCP connection on a virtual link: delay, rate, loss and reordering of each segment.
struct TCPLink {
  struct Carried {
    let sentAt: Instant
    let isToServer: Bool
    let segment: TCPSegment
  }

  private struct InFlight {
    let arrival: Instant
    let order: Int
    let isToServer: Bool
    let bytes: [UInt8]
  }

  var client: TCPConnection
  var server: TCPConnection
  var delay = Duration.milliseconds(50)
  /// Of 1; each segment is lost with this probability, by dice.
  var loss = 0.0
  /// Up to this much is added to the delay, so that segments overtake each other.
  var jitter = Duration.zero
  /// Segments that are sent in this time are lost, in both directions.
  var outage: Range<Instant>?
  /// Takes segments away: gets how many were carried before it, and the segment.
  var takesAway: (Int, TCPSegment, _ isToServer: Bool) -> Bool = { _, _, _ in false }

  private(set) var now = Instant.start
  private(set) var carried: [Carried] = []
  private(set) var atClient: [UInt8] = []
  private(set) var atServer: [UInt8] = []
  /// When the server's stream had grown to how many bytes.
  private(set) var arrivals: [(time: Instant, count: Int)] = []
  private(set) var clientEvents: [(time: Instant, event: TCPConnection.Event)] = []
  private(set) var serverEvents: [(time: Instant, event: TCPConnection.Event)] = []
  private var inFlight: [InFlight] = []
  private var dice: SeededGenerator

  /// - Parameter listens: whether the server waits for the client; otherwise it can open the connection as well.
  init(_ configuration: TCPConnection.Configuration = .init(), seed: UInt64 = 1, listens: Bool = true) {
    let (local, remote) = (Endpoint(IPAddress(192, 0, 2, 1), 50_000), Endpoint(IPAddress(192, 0, 2, 2), 443))
    var entropy = EntropySource(SeededGenerator(seed: seed, stream: "numbers"))
    client = TCPConnection(configuration, local: local, remote: remote, entropy: &entropy)
    server = TCPConnection(configuration, local: remote, remote: local, listens: listens, entropy: &entropy)
    dice = SeededGenerator(seed: seed, stream: "link")
  }

  mutating func open() { onClient { $0.open(at: $1, into: &$2) } }

  mutating func sendFromClient(_ bytes: [UInt8]) { onClient { _ = $0.send(bytes.span, at: $1, into: &$2) } }

  mutating func sendFromServer(_ bytes: [UInt8]) { onServer { _ = $0.send(bytes.span, at: $1, into: &$2) } }

  mutating func onClient(_ body: (inout TCPConnection, Instant, inout Output<TCPConnection.Event>) -> Void) {
    var output = Output<TCPConnection.Event>()
    body(&client, now, &output)
    atClient += client.takeReceived()
    for event in output.takeEvents() { clientEvents.append((now, event)) }
    carry(output.datagrams, toServer: true)
  }

  mutating func onServer(_ body: (inout TCPConnection, Instant, inout Output<TCPConnection.Event>) -> Void) {
    var output = Output<TCPConnection.Event>()
    body(&server, now, &output)
    let new = server.takeReceived()
    if !new.isEmpty {
      atServer += new
      arrivals.append((now, atServer.count))
    }
    for event in output.takeEvents() { serverEvents.append((now, event)) }
    carry(output.datagrams, toServer: false)
  }

  /// Lets time pass until `limit`, or until nothing happens any more.
  mutating func run(until limit: Instant = .distantFuture) {
    while true {
      var next = inFlight.map(\.arrival).min() ?? .distantFuture
      for due in [client.nextTimeout, server.nextTimeout] { next = min(next, due ?? .distantFuture) }
      guard next != .distantFuture, next <= limit else { break }
      now = max(now, next)
      if let index = inFlight.indices.filter({ inFlight[$0].arrival <= now }).min(by: { precedes($0, $1) }) {
        let packet = inFlight.remove(at: index)
        if packet.isToServer {
          onServer { $0.handle(packet.bytes.span, at: $1, into: &$2) }
        } else {
          onClient { $0.handle(packet.bytes.span, at: $1, into: &$2) }
        }
        continue
      }
      onClient { $0.handleTimeout(at: $1, into: &$2) }
      onServer { $0.handleTimeout(at: $1, into: &$2) }
    }
    if limit != .distantFuture { now = limit }
  }

  private func precedes(_ first: Int, _ second: Int) -> Bool {
    (inFlight[first].arrival, inFlight[first].order) < (inFlight[second].arrival, inFlight[second].order)
  }

  private mutating func carry(_ segments: Transmissions, toServer: Bool) {
    for index in 0..<segments.count {
      let bytes = segments[index].bytes.array()
      guard let segment = try? TCPSegment(parsing: bytes.span) else { preconditionFailure("it was just written") }
      let isTaken = takesAway(carried.count, segment, toServer)
      carried.append(Carried(sentAt: now, isToServer: toServer, segment: segment))
      let isLost = dice.happens(withProbability: loss)
      let extra = Duration.nanoseconds(Int64(dice.unit() * Double(jitter.nanoseconds)))
      guard !isTaken, !isLost, outage?.contains(now) != true else { continue }
      inFlight.append(
        InFlight(arrival: now + delay + extra, order: carried.count, isToServer: toServer, bytes: bytes))
    }
  }
}
