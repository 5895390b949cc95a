import RTCMedia
import RTCSession

/// Which congestion control there is in a session.
extension SessionScenario {
  /// What `congestionControl` may say.
  public static let congestionControls = ["none"] + CongestionControllers.all.map(\.name)

  /// The controller that one of those means; `nil` for fixed rates.
  static func congestionController(_ name: String) -> String? { name == "none" ? nil : name }

  /// What `adaptation` may say.
  public static let adaptations = VideoAdaptations.all.map(\.name)

  /// How everybody's pictures follow it.
  var videoAdaptation: VideoAdaptations.Entry {
    guard let adaptation else { return VideoAdaptations.chromium }
    guard let named = VideoAdaptations.named(adaptation) else { preconditionFailure("a scenario's adaptation exists") }
    return named
  }

  /// Pictures on the ladder may have the bitrate of their highest rung, unless a bitrate is given.
  mutating func fitBitrateToAdaptation() {
    guard adaptation == VideoAdaptations.ladder.name, let video, video.hasUsualBitrate else { return }
    let highest = RungLadder.highestBitrate(width: video.width, height: video.height)
    self.video?.bitrate = max(video.bitrate, highest)
  }

  /// How everybody's connections control their congestion, a media server's too.
  var congestion: CongestionSettings? {
    guard let congestionControl else { return nil }
    guard let controller = CongestionControllers.named(congestionControl) else {
      preconditionFailure("a scenario's congestion controller exists")
    }
    return CongestionSettings(controller: controller, limits: .chromium)
  }
}
