import RTCMedia
import RTCSession

/// Which congestion control there is in a session.
extension SessionScenario {
  /// What `congestionControl` may say.
  public static let congestionControls = ["none"] + CongestionControllers.all.map(\.name)

  /// The controller that one of those means; `nil` for fixed rates.
  static func congestionController(_ name: String) -> String? { name == "none" ? nil : name }

  /// How everybody's connections control their congestion, a media server's too.
  var congestion: CongestionSettings? {
    guard let congestionControl else { return nil }
    guard let controller = CongestionControllers.named(congestionControl) else {
      preconditionFailure("a scenario's congestion controller exists")
    }
    return CongestionSettings(controller: controller, limits: .chromium)
  }
}
