import RTCMedia
import RTCTransport

/// Fields that are allowed each by itself, but not together.
struct Contradiction: Error, Hashable {
  /// One of the fields: what stands there, and what could stand there.
  struct Side: Hashable {
    let field: String
    let found: String
    let allowed: String
  }

  /// The field to be changed most likely comes first.
  let sides: [Side]

  init(_ sides: (field: String, found: String, allowed: String)...) {
    self.sides = sides.map { Side(field: $0.field, found: $0.found, allowed: $0.allowed) }
  }

  /// The first side whose field was given by whoever is told, or the first of all.
  func side(where isGiven: (String) -> Bool) -> Side { sides.first { isGiven($0.field) } ?? sides[0] }
}

extension SessionScenario {
  /// Every second stream of an association is for the channels of one end (RFC 8832 §6).
  private static let streamsOfServer = Int(SCTPConfiguration().streams) / 2

  /// Checks what no field shows alone.
  func check() throws(Contradiction) {
    if kinds.isEmpty, data == nil {
      throw Contradiction(("audio", "null", "an object, because video is null too and there is no data"))
    }
    if let workloads = data?.workloads.count, topology != Mesh().name,
      workloads * (participants - 1) > Self.streamsOfServer
    {
      throw Contradiction(
        (
          "participants", "\(participants)",
          "at most \(Self.streamsOfServer / workloads + 1), because the server opens \(workloads) data channels of "
            + "each of the others to everybody, and has \(Self.streamsOfServer) streams for them"
        ),
        ("data", "\(workloads) workloads", "fewer, or null, because \(participants) take part"))
    }
    if let congestionControl, topology == Mixing().name, mixing.layout == .shared {
      throw Contradiction(
        (
          "congestionControl", "'\(congestionControl)'",
          "'none', because mcu.layout is 'shared': one encoder cannot follow every listener's rate"
        ),
        ("mcu", "layout 'shared'", "layout 'individual', because congestionControl is '\(congestionControl)'"))
    }
    try checkForwarding()
    if let adaptation, congestionControl == nil {
      throw Contradiction(
        ("adaptation", "'\(adaptation)'", "no adaptation, because congestionControl is 'none' and rates are fixed"),
        ("congestionControl", "'none'", "a controller, because adaptation is '\(adaptation)'"))
    }
    if adaptation == VideoAdaptations.ladder.name, media == .real {
      throw Contradiction(
        ("adaptation", "'ladder'", "'chromium', because media is 'real', whose pictures keep their size"),
        ("media", "'real'", "'modelled', because adaptation is 'ladder' and real pictures keep their size"))
    }
    if media == .real, fidelity == .model {
      throw Contradiction(
        ("media", "'real'", "'modelled', because fidelity is 'model'"),
        ("fidelity", "'model'", "'auto' or 'wire', because media is 'real'"))
    }
    for (field, file) in [("video", video?.file), ("audio", audio?.file)] where file != nil && media == .modelled {
      throw Contradiction(
        ("media", "'modelled'", "'real', because \(field).file is given"),
        (field, "a file", "no file, because media is 'modelled'"))
    }
    if usesStreams, fidelity == .model {
      throw Contradiction(
        ("turn", "transports with a stream", "transports: ['udp'], because fidelity is 'model'"),
        ("fidelity", "'model'", "'auto' or 'wire', because turn.transports has a stream, which needs every byte"))
    }
    if iceTransportPolicy == .relay, turn == nil {
      throw Contradiction(("iceTransportPolicy", "'relay'", "'all', because there is no TURN server"))
    }
    if topology != Mesh().name, ice.trickle != .full {
      throw Contradiction(
        ("ice", "trickle '\(ice.trickle.rawValue)'", "'full', because the server trickles"),
        ("topology", "'\(topology)'", "'mesh', because ice.trickle is '\(ice.trickle.rawValue)' and a server trickles"))
    }
    if topology == Mesh().name, ice.isServerLite {
      throw Contradiction(
        ("ice", "serverLite", "false, because a mesh has no server"),
        ("topology", "'mesh'", "'sfu' or 'mcu', because ice.serverLite is true"))
    }
    if topology != Mesh().name, (0..<participants).contains(where: { client(at: $0).codecs != nil }) {
      throw Contradiction(
        ("topology", "'\(topology)'", "'mesh', because a client names its codecs and the server has them all"))
    }
    let families = Set((0..<participants).map { client(at: $0).addressFamily })
    if topology == Mesh().name, turn?.isDualStack != true, families.contains(.ipv4), families.contains(.ipv6) {
      throw Contradiction(
        (
          "topology", "'mesh'",
          "a topology with a server, because the clients differ in addressFamily and no relay has both (turn.families)"
        ))
    }
    try checkFaults()
    try checkCrossTraffic()
    let nats = (0..<participants).compactMap { client(at: $0).nat }
    for nat in nats {
      guard let other = nats.first(where: { $0.contradicts(nat) }) else { continue }
      throw Contradiction(
        ("clients", "'\(nat.name)'", "the NAT of \(nat.owner ?? "") as in '\(other.name)', because they share it"))
    }
    if let missing = costs.missing(video: video?.codec, audio: audio?.codec, srtp: srtpProfiles) {
      throw Contradiction(("costs", "'\(costs.name)'", "a cost file with figures of \(missing)"))
    }
  }
}
