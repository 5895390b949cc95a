import RTCPrimitives
import SimNodes

extension SignalingSettings {
  private static let commonFields = ["site", "connected", "profile", "loss", "outage", "rewritesFingerprint"]

  /// The fields of `signaling`; which ones there are depends on its profile.
  static func fields(_ reader: FieldReader) throws(ScenarioError) -> ObjectReader {
    let everything = try reader.object(commonFields + SignalingProfiles.all.flatMap(\.fields))
    let name = try everything["profile"]?.name(of: SignalingProfiles.names) ?? SignalingSettings().profile
    for other in SignalingProfiles.all where other.name != name {
      for field in other.fields {
        guard let found = everything[field] else { continue }
        throw found.failure("no \(field), because profile is '\(name)'; it belongs to '\(other.name)'")
      }
    }
    return everything
  }

  init(_ fields: ObjectReader) throws(ScenarioError) {
    self.init()
    if let reader = fields["profile"] { profile = try reader.name(of: SignalingProfiles.names) }
    if let reader = fields["pollInterval"] { pollInterval = try reader.duration(.pollInterval) }
    if let reader = fields["longPoll"] { isLongPoll = try reader.flag() }
    if let reader = fields["qos"] { qualityOfService = try reader.integer(.qualityOfService) }
    if let reader = fields["loss"] { loss = try reader.number(in: 0...0.5, "a probability from 0 to 0.5") }
    if let reader = fields["rewritesFingerprint"] { rewritesFingerprint = try reader.flag() }
    if let reader = fields["outage"] {
      let fields = try reader.object(["at", "length"])
      outage = SignalingOutage(
        begin: try fields.required("at", "the time of the crash, such as 900ms").duration(),
        length: try fields["length"]?.duration())
    }
  }

  /// Names and values of what is not as usual, so that the hashes of scenarios without it stay.
  var canonical: [(name: String, value: String)] {
    let usual = SignalingSettings()
    var lines: [(String, String)] = []
    if profile != usual.profile { lines.append(("profile", profile)) }
    if pollInterval != usual.pollInterval { lines.append(("pollInterval", pollInterval.quantity)) }
    if isLongPoll { lines.append(("longPoll", "true")) }
    if qualityOfService != usual.qualityOfService { lines.append(("qos", "\(qualityOfService)")) }
    if loss != usual.loss { lines.append(("loss", "\(loss)")) }
    if let outage {
      lines.append(("outage.at", outage.begin.quantity))
      lines.append(("outage.length", outage.length?.quantity ?? "for good"))
    }
    if rewritesFingerprint { lines.append(("rewritesFingerprint", "true")) }
    return lines
  }
}
