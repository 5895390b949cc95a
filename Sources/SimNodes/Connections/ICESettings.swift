import RTCTransport

/// How the connections of a session go about ICE.
public struct ICESettings: Hashable, Sendable {
  /// When candidates are told (RFC 8838 §3).
  public enum Trickle: String, Hashable, Sendable, CaseIterable {
    /// Each as it is found, after the description.
    case full
    /// The offerer's are all in the offer, for peers that may not know trickling; the answerer's follow one by one.
    case half
    /// All are in the descriptions, which wait until gathering has ended.
    case none
  }

  public var profile = ICEProfile.rfc8445
  /// For the RFC's profile.
  public var nomination = ICENomination.regular
  public var trickle = Trickle.full
  /// Whether the media server is lite: it answers checks and sends none.
  public var isServerLite = false

  public init() {}
}
