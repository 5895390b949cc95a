import RTCMedia
import RTCPrimitives
import RTCSession
import RTCTransport
import SimNetwork
import SimNodes

extension SessionScenario {
  static let fieldNames = [
    "topology", "participants", "duration", "joinInterval", "fidelity", "media", "client", "clients", "video", "audio",
    "congestionControl", "adaptation", "data", "server", "signaling", "people", "stun", "turn", "iceTransportPolicy",
    "ice",
    "bundlePolicy",
    "srtpProfiles", "mcu", "sfu",
    "costs", "prices", "faults", "crossTraffic",
  ]

  /// Reads a session; what is not given is as in the scenario `meeting`.
  init(_ fields: ObjectReader, _ sites: [String], _ files: ScenarioFiles) throws(ScenarioError) {
    topology = try fields["topology"]?.name(of: Topologies.names) ?? "sfu"
    participants = try fields["participants"]?.integer(.participants) ?? 5
    duration = try fields["duration"]?.duration(.session) ?? .seconds(30)
    joinInterval = try fields["joinInterval"]?.duration() ?? .milliseconds(200)
    fidelity = try fields["fidelity"]?.choice(Fidelity.self) ?? .auto
    media = try fields["media"]?.choice(MediaFidelity.self) ?? .modelled
    let everyone = try fields["client"].map { reader throws(ScenarioError) in
      try ClientProfile(reader, over: .laptop(at: sites[0]), sites: sites, files)
    }
    client = everyone ?? .laptop(at: sites[0])
    clients = []
    if let reader = fields["clients"] {
      for element in try reader.elements("a list of clients") {
        clients.append(try ClientProfile(element, over: client, sites: sites, files))
      }
      guard clients.count <= participants else { throw reader.failure("at most one entry per participant") }
    }
    video = try VideoProfile.decode(fields["video"], files)
    audio = try AudioProfile.decode(fields["audio"], files)
    congestionControl = try fields["congestionControl"].flatMap { reader throws(ScenarioError) in
      Self.congestionController(try reader.name(of: Self.congestionControls))
    }
    adaptation = try fields["adaptation"]?.name(of: Self.adaptations)
    data = try fields["data"].flatMap { reader throws(ScenarioError) in try DataSettings.decode(reader) }
    server = try ServerProfile(fields["server"], sites: sites)
    signalingSite = sites[0]
    isSignalingConnected = false
    signaling = SignalingSettings()
    if let reader = fields["signaling"] {
      let fields = try SignalingSettings.fields(reader)
      signalingSite = try fields["site"]?.name(of: sites) ?? sites[0]
      isSignalingConnected = try fields["connected"]?.flag() ?? false
      signaling = try SignalingSettings(fields)
    }
    people = try HumanDelays(fields["people"])
    stunSite = sites[0]
    if let reader = fields["stun"] { stunSite = try Self.stunSite(reader, sites) }
    turn = try fields["turn"].flatMap { reader throws(ScenarioError) in try TURNProfile.decode(reader, sites) }
    faults = try fields["faults"].map { reader throws(ScenarioError) in try ScheduledFault.decode(reader) } ?? []
    crossTraffic =
      try fields["crossTraffic"].map { reader throws(ScenarioError) in try SessionCrossTraffic.decode(reader) } ?? []
    iceTransportPolicy = try fields["iceTransportPolicy"]?.choice(ICETransportPolicy.self) ?? .all
    ice = try ICESettings(fields["ice"])
    bundlePolicy = try fields["bundlePolicy"]?.choice(BundlePolicy.self) ?? .maxCompat
    srtpProfiles = try Self.srtpProfiles(fields["srtpProfiles"])
    mixing = try MixingProfile(fields["mcu"], video: video)
    sfu = try fields["sfu"].map { reader throws(ScenarioError) in try ForwardingProfile.decode(reader) }
    costs = try Self.file(fields["costs"], "Models/Costs", "debian12-x86-2core", files.costs)
    prices = try Self.file(fields["prices"], "Models/Prices", "default", files.prices)
    fitBitrateToAdaptation()
    do throws(Contradiction) { try check() } catch {
      let side = error.side { fields[$0] != nil }
      throw fields.failure(side.field, found: side.found, side.allowed)
    }
  }

  private static func file<Content>(
    _ reader: FieldReader?, _ folder: String, _ default: String,
    _ open: (String) throws(ScenarioError) -> Content
  ) throws(ScenarioError) -> Content {
    guard let reader else { return try open(`default`) }
    let name = try reader.text("a name of \(folder) or a path")
    do throws(ScenarioError) { return try open(name) } catch {
      throw error.naming { _, allowed, nearest in reader.failure(allowed, nearest: nearest) }
    }
  }

  private static func stunSite(_ reader: FieldReader, _ sites: [String]) throws(ScenarioError) -> String? {
    guard case .object = reader.value.content else {
      guard let isThere = reader.boolean else { throw reader.failure("true, false or an object with site") }
      return isThere ? sites[0] : nil
    }
    return try reader.object(["site"])["site"]?.name(of: sites) ?? sites[0]
  }

  private static func srtpProfiles(_ reader: FieldReader?) throws(ScenarioError) -> [SRTPProfile] {
    guard let reader else { return [.aeadAES128GCM, .aes128CMHMACSHA1_80] }
    var profiles: [SRTPProfile] = []
    let names = SRTPProfile.allCases.map(\.scenarioName)
    for element in try reader.elements("a list of \(names.joined(separator: ", "))") {
      let name = try element.name(of: names)
      let isNew = !profiles.contains { $0.scenarioName == name }
      guard isNew, let profile = SRTPProfile.allCases.first(where: { $0.scenarioName == name }) else {
        throw element.failure("each profile once")
      }
      profiles.append(profile)
    }
    guard !profiles.isEmpty else { throw reader.failure("at least one of \(names.joined(separator: ", "))") }
    return profiles
  }
}

extension ClientProfile {
  /// The meeting's: a laptop of four cores on a home link of 50 Mbit/s down and 10 up, 10 ms from its site.
  static func laptop(at site: String) -> ClientProfile {
    func link(_ rate: Int64) -> Link.Configuration {
      Link.Configuration(
        rate: .megabitsPerSecond(rate), propagationDelay: .milliseconds(10), queueLimit: .time(.milliseconds(200)))
    }
    return ClientProfile(
      site: site, cores: 4, uplink: link(10), downlink: link(50), nat: .listed("port-restricted"), firewall: nil,
      addressFamily: .ipv4)
  }

  fileprivate init(
    _ reader: FieldReader, over base: ClientProfile, sites: [String], _ files: ScenarioFiles
  ) throws(ScenarioError) {
    let fields = try reader.object(["cores", "camera", "page", "codecs"] + Access.fieldNames)
    let access = try Access(fields, over: Access(base), sites: sites, files)
    site = access.site
    cores = try fields["cores"]?.integer(.cores) ?? base.cores
    camera = try fields["camera"]?.choice(CameraPermission.self) ?? base.camera
    page = try fields["page"]?.choice(PageOrigin.self) ?? base.page
    codecs = try fields["codecs"].map { reader throws(ScenarioError) in try Self.codecs(reader) } ?? base.codecs
    uplink = access.uplink
    downlink = access.downlink
    nat = access.nat
    firewall = access.firewall
    addressFamily = access.addressFamily
  }
}

extension ClientProfile {
  private static func codecs(_ reader: FieldReader) throws(ScenarioError) -> [String] {
    let known = (Codecs.audio + Codecs.video).map(\.name)
    let elements = try reader.elements("a list of \(known.joined(separator: ", "))")
    var names: [String] = []
    for element in elements { names.append(try element.name(of: known)) }
    guard !names.isEmpty else { throw reader.failure("at least one of \(known.joined(separator: ", "))") }
    return names
  }
}

extension VideoProfile {
  fileprivate static func decode(_ reader: FieldReader?, _ files: ScenarioFiles) throws(ScenarioError) -> VideoProfile?
  {
    var video = VideoProfile(
      codec: Codecs.video[0].name, width: 640, height: 360, frameRate: 30, bitrate: .kilobitsPerSecond(800),
      hasUsualBitrate: true)
    guard let reader else { return video }
    guard !reader.isNull else { return nil }
    let fields = try reader.object(["codec", "width", "height", "frameRate", "bitrate", "file"])
    if let reader = fields["codec"] { video.codec = try reader.name(of: Codecs.video.map(\.name)) }
    if let reader = fields["width"] { video.width = try reader.integer(.pictureSide) }
    if let reader = fields["height"] { video.height = try reader.integer(.pictureSide) }
    if let reader = fields["frameRate"] { video.frameRate = try reader.integer(.frameRate) }
    if let reader = fields["bitrate"] { (video.bitrate, video.hasUsualBitrate) = (try reader.rate(), false) }
    if let reader = fields["file"], !reader.isNull { video.file = try files.pictures(reader, for: video) }
    return video
  }
}

extension AudioProfile {
  fileprivate static func decode(_ reader: FieldReader?, _ files: ScenarioFiles) throws(ScenarioError) -> AudioProfile?
  {
    var audio = AudioProfile(codec: Codecs.audio[0].name, bitrate: .kilobitsPerSecond(32))
    guard let reader else { return audio }
    guard !reader.isNull else { return nil }
    let fields = try reader.object(["codec", "bitrate", "file"])
    if let reader = fields["codec"] { audio.codec = try reader.name(of: Codecs.audio.map(\.name)) }
    if let reader = fields["bitrate"] {
      audio.bitrate = try reader.rate()
      // RFC 6716 §2.1.1
      guard (6000...510_000).contains(audio.bitrate.bitsPerSecond) else {
        throw reader.failure("a rate from 6k to 510k")
      }
    }
    if let reader = fields["file"], !reader.isNull { audio.file = try files.sound(reader) }
    return audio
  }
}

extension ICESettings {
  fileprivate init(_ reader: FieldReader?) throws(ScenarioError) {
    self.init()
    guard let fields = try reader?.object(["profile", "nomination", "trickle", "serverLite"]) else { return }
    if let reader = fields["profile"] { profile = try reader.choice(ICEProfile.self) }
    if let reader = fields["nomination"] {
      nomination = try reader.choice(ICENomination.self)
      guard profile == .rfc8445 || nomination == .aggressive else {
        throw reader.failure("'aggressive', because that is how the profile 'chromium' nominates")
      }
    }
    if let reader = fields["trickle"] { trickle = try reader.choice(Trickle.self) }
    if let reader = fields["serverLite"] { isServerLite = try reader.flag() }
  }
}

extension ServerProfile {
  fileprivate init(_ reader: FieldReader?, sites: [String]) throws(ScenarioError) {
    self.init(site: sites[0], cores: 8, nic: .megabitsPerSecond(1000), delay: .zero, queue: .time(.milliseconds(50)))
    guard let fields = try reader?.object(["site", "cores", "nic", "delay", "queue"]) else { return }
    if let reader = fields["site"] { site = try reader.name(of: sites) }
    if let reader = fields["cores"] { cores = try reader.integer(.cores) }
    if let reader = fields["nic"] { nic = try reader.rateOrUnlimited() }
    if let reader = fields["delay"] { delay = try reader.duration() }
    if let reader = fields["queue"] { queue = try Link.QueueLimit(reader) }
  }
}

extension TURNProfile {
  private static let fieldNames = [
    "site", "username", "password", "clientPassword", "transports", "servers", "families", "quota", "bandwidth",
    "lifetime", "nonceLifetime", "outage",
  ]

  fileprivate static func decode(_ reader: FieldReader, _ sites: [String]) throws(ScenarioError) -> TURNProfile? {
    let turn = TURNProfile(site: sites[0], username: "rtcsim", password: "open-sesame")
    guard case .object = reader.value.content else {
      guard let isThere = reader.boolean else {
        throw reader.failure("true, false or an object with \(fieldNames.joined(separator: ", "))")
      }
      return isThere ? turn : nil
    }
    let fields = try reader.object(fieldNames)
    var given = TURNProfile(
      site: try fields["site"]?.name(of: sites) ?? turn.site,
      username: try fields["username"]?.text() ?? turn.username,
      password: try fields["password"]?.text() ?? turn.password,
      clientPassword: try fields["clientPassword"]?.text())
    if let reader = fields["servers"] { given.servers = try reader.integer(.turnServers) }
    if let reader = fields["transports"] { given.transports = try transports(reader) }
    if let reader = fields["families"] { given.isDualStack = try isDualStack(reader) }
    if let reader = fields["quota"] { given.quota = try reader.integer(.turnQuota) }
    if let reader = fields["bandwidth"] { given.bandwidth = try reader.rateOrUnlimited() }
    if let reader = fields["lifetime"] { given.lifetime = try reader.wholeSeconds() }
    if let reader = fields["nonceLifetime"] { given.nonceLifetime = try reader.duration(.nonce) }
    if let reader = fields["outage"] {
      let fields = try reader.object(["at", "length"])
      given.outage = TURNOutage(
        begin: try fields.required("at", "the time of the crash, such as 10s").duration(),
        length: try fields["length"]?.duration())
    }
    return given
  }

  /// `own` alone, or both families.
  private static func isDualStack(_ reader: FieldReader) throws(ScenarioError) -> Bool {
    try reader.name(of: ["own", "both"]) == "both"
  }

  private static func transports(_ reader: FieldReader) throws(ScenarioError) -> [RelayProtocol] {
    let names = RelayProtocol.allCases.map(\.rawValue).joined(separator: ", ")
    var protocols: [RelayProtocol] = []
    for element in try reader.elements("a list of \(names)") {
      let one = try element.choice(RelayProtocol.self)
      guard !protocols.contains(one) else { throw element.failure("each of \(names) once") }
      protocols.append(one)
    }
    guard !protocols.isEmpty else { throw reader.failure("at least one of \(names)") }
    return protocols
  }
}

extension HumanDelays {
  fileprivate init(_ reader: FieldReader?) throws(ScenarioError) {
    self.init()
    guard let fields = try reader?.object(["camera", "page", "offer", "answer"]) else { return }
    if let reader = fields["camera"] { camera = try reader.duration() }
    if let reader = fields["page"] { page = try reader.duration() }
    if let reader = fields["offer"] { offer = try reader.duration() }
    if let reader = fields["answer"] { answer = try reader.duration() }
  }
}

extension MixingProfile {
  fileprivate init(_ reader: FieldReader?, video: VideoProfile?) throws(ScenarioError) {
    self.init(layout: .individual, width: video?.width ?? 640, height: video?.height ?? 360)
    guard let fields = try reader?.object(["layout", "width", "height"]) else { return }
    if let reader = fields["layout"] { layout = try reader.choice(MixingLayout.self) }
    if let reader = fields["width"] { width = try reader.integer(.pictureSide) }
    if let reader = fields["height"] { height = try reader.integer(.pictureSide) }
  }
}
