import RTCMedia
import RTCPrimitives
import SimNodes
import SimSessions

/// What congestion control made of the streams of video, at the end of a run.
struct AdaptationReport {
  private let controller: String
  private let encodings: [EncodingStatistics]
  /// The same by the pictures that they are of: several are the sizes of a simulcast.
  private let tracks: [[EncodingStatistics]]
  /// What the controllers allow at the end, of every connection that has one.
  private let available: [DataRate]

  /// - Returns: `nil` for a session of fixed rates.
  init?(_ result: SessionResult) {
    guard let controller = result.congestionControl else { return nil }
    self.controller = controller
    // A client's streams by their order on the wire, so that no order of a dictionary is seen.
    let connections = result.clients.flatMap(\.connections) + (result.server?.connections ?? [])
    available = connections.compactMap(\.availableOutgoingBitrate)
    tracks = connections.flatMap(Self.tracks).filter { !$0.isEmpty }
    encodings = tracks.flatMap(\.self)
  }

  /// The sizes that are named in their packets are all of one camera.
  private static func tracks(of connection: ConnectionSummary) -> [[EncodingStatistics]] {
    let sizes = connection.outbound.filter { $0.rid != nil }.compactMap { connection.encodings[$0.ssrc] }
    return [sizes]
      + connection.outbound.filter { $0.rid == nil }.compactMap { connection.encodings[$0.ssrc] }.map { [$0] }
  }

  /// Those that somebody sees or would see.
  private var active: [EncodingStatistics] { encodings.filter(\.isActive) }

  /// `congestion control gcc: 20 video streams at 112 to 240 kbit/s, mean 170, of 480×270; …`
  var line: String {
    let head = "congestion control \(controller)"
    guard !encodings.isEmpty else { return "\(head): no video was sent" }
    let going = encodings.filter { !$0.isPaused }
    var parts = ["\(encodings.count) video streams at the end"]
    if let least = rates(going).min(), let most = rates(going).max() {
      parts.append("targets \(fixed(least, 0)) to \(fixed(most, 0)) kbit/s, \(sizes(going))")
    }
    parts += absences
    let shares = QualityLimitation.Reason.allCases.compactMap { reason in
      share(of: reason).map { "\(reason.rawValue) \(fixed(100 * $0, 0)) %" }
    }
    return "\(head): \(parts.joined(separator: ", ")); limited by \(shares.joined(separator: ", ")) of the time"
  }

  /// What is not sent, and why.
  private var absences: [String] {
    let alone = tracks.count { $0.contains(where: \.isActive) && $0.allSatisfy(\.isPaused) }
    let givenUp = tracks.reduce(0) { sum, track in
      track.allSatisfy(\.isPaused) ? sum : sum + track.count { $0.isActive && $0.isPaused }
    }
    let unseen = encodings.count { !$0.isActive }
    return [(alone, "paused, sound alone"), (givenUp, "given up for a smaller one"), (unseen, "that nobody sees")]
      .filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
  }

  var json: JSON {
    var shares: JSON = [:]
    for reason in QualityLimitation.Reason.allCases {
      shares.append(reason.rawValue, JSON(share(of: reason).map { 100 * $0 }, decimals: 3))
    }
    return [
      "controller": JSON(controller), "videoStreams": JSON(encodings.count),
      "videoStreamsPaused": JSON(active.count(where: \.isPaused)),
      "videoStreamsUnseen": JSON(encodings.count - active.count),
      "meanTargetKbps": JSON(meanTarget, decimals: 3), "qualityLimitationPercent": shares,
      "meanFrameHeight": JSON(meanHeight, decimals: 1),
      "meanAvailableOutgoingKbps": JSON(meanAvailable, decimals: 3),
    ]
  }

  /// Those of `SessionColumns.adaptation`.
  var csvFields: [String] {
    func text(_ value: Double?, _ decimals: Int = 3) -> String { value.map { fixed($0, decimals) } ?? "" }
    // Of those that somebody sees or would see.
    let paused = Double(active.count(where: \.isPaused))
    return [
      controller, "\(encodings.count)", text(active.isEmpty ? nil : 100 * paused / Double(active.count)),
      text(meanTarget), text(meanHeight, 1), text(meanAvailable),
    ] + QualityLimitation.Reason.allCases.map { text(share(of: $0).map { 100 * $0 }) }
  }

  /// In kbit/s of codec payload, as zero where video is paused.
  private var meanTarget: Double? { Self.mean(rates(active)) }
  /// Of those that are sent.
  private var meanHeight: Double? { Self.mean(encodings.filter { !$0.isPaused }.map { Double($0.frameHeight) }) }
  /// In kbit/s, all headers included.
  private var meanAvailable: Double? { Self.mean(available.map { $0.megabitsPerSecond * 1000 }) }

  private static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// In kbit/s.
  private func rates(_ encodings: [EncodingStatistics]) -> [Double] {
    encodings.map { $0.targetBitrate.megabitsPerSecond * 1000 }
  }

  private func sizes(_ encodings: [EncodingStatistics]) -> String {
    let counts = Dictionary(grouping: encodings) { $0.frameHeight }.sorted { $0.key > $1.key }
    return counts.map { "\($0.value.count) of \($0.value[0].frameWidth)×\($0.key)" }.joined(separator: ", ")
  }

  /// Over all streams since their first picture; `nil` when there was none.
  private func share(of reason: QualityLimitation.Reason) -> Double? {
    func seconds(_ reason: QualityLimitation.Reason) -> Double {
      encodings.reduce(0) { $0 + ($1.qualityLimitationDurations[reason] ?? .zero).inSeconds }
    }
    let all = QualityLimitation.Reason.allCases.reduce(0) { $0 + seconds($1) }
    return all > 0 ? seconds(reason) / all : nil
  }
}
