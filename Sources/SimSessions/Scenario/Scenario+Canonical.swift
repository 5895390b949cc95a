import RTCMedia
import RTCPrimitives
import RTCTransport
import SimKernel
import SimNetwork
import SimNodes

extension Scenario {
  /// Every value that a run depends on, in a fixed order: `client.uplink.rate=10M` and so on. Names, summaries and the
  /// seed are not among them: the seed stands beside the hash in every output.
  public var canonicalLines: [String] {
    var lines = CanonicalLines()
    lines.add("sites", sites.joined(separator: ","))
    for delay in delays { lines.add("delay.\(delay.first).\(delay.second)", delay.oneWay) }
    switch kind {
    case .session(let session): session.describe(to: &lines)
    case .udp(let scenario): scenario.describe(to: &lines)
    }
    return lines.lines
  }

  /// Sixteen hexadecimal digits that are equal for equal scenarios, whatever their files look like.
  public var scenarioHash: String {
    var hash = TraceHash()
    for line in canonicalLines { hash.combine(line) }
    return hash.description
  }
}

/// Lines of names and values.
private struct CanonicalLines {
  private(set) var lines: [String] = []
  private var prefix = ""

  mutating func add(_ name: String, _ value: String) { lines.append("\(prefix)\(name)=\(value)") }
  mutating func add(_ name: String, _ value: Int) { add(name, "\(value)") }
  mutating func add(_ name: String, _ value: Duration) { add(name, value.quantity) }
  mutating func add(_ name: String, _ value: DataRate?) { add(name, value?.quantity ?? "unlimited") }

  mutating func group(_ name: String, _ body: (inout CanonicalLines) -> Void) {
    let outer = prefix
    prefix += name + "."
    body(&self)
    prefix = outer
  }
}

extension SessionScenario {
  fileprivate func describe(to lines: inout CanonicalLines) {
    lines.add("topology", topology)
    lines.add("participants", participants)
    lines.add("duration", duration)
    lines.add("joinInterval", joinInterval)
    lines.add("fidelity", fidelity.rawValue)
    lines.add("media", media.rawValue)
    for index in 0..<participants {
      lines.group("clients[\(index)]") { client(at: index).describe(to: &$0) }
    }
    lines.group("video") { video?.describe(to: &$0) }
    lines.group("audio") { audio?.describe(to: &$0) }
    // Fields that came later are named where they say something, so that the hashes of older scenarios stay.
    if let congestionControl { lines.add("congestionControl", congestionControl) }
    if let adaptation, adaptation != VideoAdaptations.chromium.name { lines.add("adaptation", adaptation) }
    if let data { lines.group("data") { data.describe(to: &$0) } }
    lines.add("server.site", server.site)
    lines.add("server.cores", server.cores)
    lines.add("server.nic", server.nic)
    lines.add("server.delay", server.delay)
    lines.add("server.queue", server.queue.quantity)
    lines.add("signaling.site", signalingSite)
    if isSignalingConnected { lines.add("signaling.connected", "true") }
    for (name, value) in signaling.canonical { lines.add("signaling.\(name)", value) }
    if !people.isNone {
      lines.add("people.camera", people.camera)
      lines.add("people.page", people.page)
      lines.add("people.offer", people.offer)
      lines.add("people.answer", people.answer)
    }
    lines.add("stun.site", stunSite ?? "none")
    lines.add("turn.site", turn?.site ?? "none")
    lines.add("turn.username", turn?.username ?? "")
    lines.add("turn.password", turn?.password ?? "")
    if let password = turn?.clientPassword { lines.add("turn.clientPassword", password) }
    if let turn, turn.servers > 1 { lines.add("turn.servers", turn.servers) }
    if let turn, turn.transports != [.udp] {
      lines.add("turn.transports", turn.transports.map(\.rawValue).joined(separator: ","))
    }
    for fault in faults { lines.add("faults.rebootNAT", "\(fault.rebootedNAT) at \(fault.time.quantity)") }
    for traffic in crossTraffic { lines.add("crossTraffic", "\(traffic.client ?? "everybody"): \(traffic.summary)") }
    if let turn {
      if turn.isDualStack { lines.add("turn.families", "both") }
      if let quota = turn.quota { lines.add("turn.quota", quota) }
      if let bandwidth = turn.bandwidth { lines.add("turn.bandwidth", bandwidth) }
      if turn.lifetime != TURN.defaultAllocationLifetime { lines.add("turn.lifetime", turn.lifetime) }
      if turn.nonceLifetime != TURN.nonceLifetime { lines.add("turn.nonceLifetime", turn.nonceLifetime) }
      if let outage = turn.outage {
        lines.add("turn.outage.at", outage.begin)
        lines.add("turn.outage.length", outage.length?.quantity ?? "for good")
      }
    }
    lines.add("iceTransportPolicy", iceTransportPolicy.rawValue)
    if ice.profile != .rfc8445 { lines.add("ice.profile", ice.profile.rawValue) }
    if ice.nomination != .regular { lines.add("ice.nomination", ice.nomination.rawValue) }
    if ice.trickle != .full { lines.add("ice.trickle", ice.trickle.rawValue) }
    if ice.isServerLite { lines.add("ice.serverLite", "true") }
    if bundlePolicy != .maxCompat { lines.add("bundlePolicy", bundlePolicy.rawValue) }
    lines.add("srtpProfiles", srtpProfiles.map(\.scenarioName).joined(separator: ","))
    lines.add("mcu.layout", mixing.layout.rawValue)
    lines.add("mcu.width", mixing.width)
    lines.add("mcu.height", mixing.height)
    if let forwarding {
      lines.add("sfu.simulcast", "\(forwarding.simulcast)")
      lines.add("sfu.lastN", forwarding.lastN)
      lines.add("sfu.loudest", forwarding.loudest)
      lines.add("sfu.layout", forwarding.layout.rawValue)
    }
    for (path, text) in costs.figures { lines.add("costs.\(path)", text) }
    lines.add("prices.currency", prices.currency)
    lines.add("prices.egressPerGigabyte", "\(prices.egressPerGigabyte)")
    lines.add("prices.serverPerCoreHour", "\(prices.serverPerCoreHour)")
    lines.add("prices.turnEgressPerGigabyte", "\(prices.turnEgressPerGigabyte)")
  }
}

extension ClientProfile {
  fileprivate func describe(to lines: inout CanonicalLines) {
    lines.add("cores", cores)
    if camera != .granted { lines.add("camera", camera.rawValue) }
    if page != .https { lines.add("page", page.rawValue) }
    if let codecs { lines.add("codecs", codecs.joined(separator: ",")) }
    Access(self).describe(to: &lines)
  }
}

extension Access {
  fileprivate func describe(to lines: inout CanonicalLines) {
    lines.add("site", site)
    lines.group("uplink") { uplink.describe(to: &$0) }
    lines.group("downlink") { downlink.describe(to: &$0) }
    let chain = (nat?.translators ?? []).map(\.canonical)
    lines.add("nat", chain.isEmpty ? "none" : chain.joined(separator: "+"))
    if let owner = nat?.owner { lines.add("nat.owner", owner) }
    lines.add("firewall", (nat?.firewall ?? firewall)?.rawValue ?? "none")
    lines.add("addressFamily", addressFamily.rawValue)
  }
}

extension NATBehavior {
  fileprivate var canonical: String {
    // What came later is named where it says something, so that the hashes of older scenarios stay.
    let usual = NATBehavior(mapping: mapping, filtering: filtering)
    var words = [
      mapping.rawValue, filtering.rawValue, portAssignment.rawValue, mappingLifetime.quantity, "\(refreshesOnInbound)",
      "\(hairpinning != .none)",
    ]
    if hairpinning == .internalSource { words.append("internalSource") }
    if portRange != usual.portRange { words.append("portRange=\(portRange.lowerBound)-\(portRange.upperBound)") }
    if preservesParity { words.append("parity") }
    if preservesContiguity { words.append("contiguity") }
    if let portLimit { words.append("portLimit=\(portLimit)") }
    if externalAddresses > 1 { words.append("\(externalAddresses) addresses \(pooling.rawValue)") }
    if tcpLifetimes != usual.tcpLifetimes {
      let lifetimes = [tcpLifetimes.halfOpen, tcpLifetimes.established, tcpLifetimes.closing]
      words.append("tcp=\(lifetimes.map(\.quantity).joined(separator: "/"))")
    }
    if portQuarantine > .zero { words.append("portQuarantine=\(portQuarantine.quantity)") }
    if let filterLifetime { words.append("filterLifetime=\(filterLifetime.quantity)") }
    return words.joined(separator: ",")
  }
}

extension Link.Configuration {
  fileprivate func describe(to lines: inout CanonicalLines) {
    lines.add("rate", rate)
    lines.add("delay", propagationDelay)
    lines.add("queue", queueLimit.quantity)
    switch loss {
    case .none: lines.add("loss", "0.0")
    case .independent(let probability): lines.add("loss", "\(probability)")
    case .gilbertElliott(let toBad, let toGood, let lossInGood, let lossInBad):
      lines.add("loss", "\(toBad),\(toGood),\(lossInGood),\(lossInBad)")
    }
    switch jitter {
    case .none: lines.add("jitter", "none")
    case .uniform(let maximum, let reorders): lines.add("jitter", "\(maximum.quantity),\(reorders)")
    case .normal(let mean, let deviation, let reorders):
      lines.add("jitter", "\(mean.quantity),\(deviation.quantity),\(reorders)")
    }
    // What came later is named where it says something, so that the hashes of older scenarios stay.
    for change in changes {
      let words = [change.rate?.quantity, change.propagationDelay?.quantity].map { $0 ?? "same" }
      lines.add("schedule", "\(change.time.quantity) \(words.joined(separator: " "))")
    }
    if let trace {
      var hash = TraceHash()
      for time in trace.times { hash.combine(UInt64(time)) }
      lines.add("trace", "\(trace.times.count) in \(trace.period.quantity) \(hash)")
    }
    if let tokenBucket {
      lines.add(
        "tokenBucket", "\(tokenBucket.rate.quantity) \(tokenBucket.burst.bytes)B \(tokenBucket.excess.rawValue)")
    }
    if let codel { lines.add("codel", "\(codel.target.quantity) \(codel.interval.quantity)") }
  }
}

extension VideoProfile {
  fileprivate func describe(to lines: inout CanonicalLines) {
    lines.add("codec", codec)
    lines.add("width", width)
    lines.add("height", height)
    lines.add("frameRate", frameRate)
    lines.add("bitrate", bitrate)
    lines.add("file", file.map { "\($0.size)B \($0.digest)" } ?? "")
  }
}

extension AudioProfile {
  fileprivate func describe(to lines: inout CanonicalLines) {
    lines.add("codec", codec)
    lines.add("bitrate", bitrate)
    lines.add("file", file.map { "\($0.size)B \($0.digest)" } ?? "")
  }
}

extension DataSettings {
  fileprivate func describe(to lines: inout CanonicalLines) {
    if let chat {
      lines.add("chat.interval", chat.interval)
      lines.add("chat.size", chat.size.bytes)
    }
    if let file {
      lines.add("file.size", file.size.bytes)
      lines.add("file.chunk", file.chunk.bytes)
    }
    if let game {
      lines.add("game.rate", game.rate)
      lines.add("game.size", game.size.bytes)
    }
  }
}

extension UDPScenario {
  fileprivate func describe(to lines: inout CanonicalLines) {
    for host in hosts {
      lines.group("hosts.\(host.name)") { Access(host).describe(to: &$0) }
    }
    for (index, flow) in flows.enumerated() {
      lines.group("flows[\(index)]") { lines in
        lines.add("from", flow.from)
        lines.add("to", flow.to)
        lines.add("packetSize", flow.packetSize.bytes)
        lines.add("rate", flow.rate)
        lines.add("start", flow.start)
        lines.add("duration", flow.duration)
      }
    }
  }
}
