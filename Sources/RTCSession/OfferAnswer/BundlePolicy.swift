/// Which sections of an offer state a transport of their own, for a peer that cannot bundle.
///
/// All sections are offered as one bundle, and the answer uses it or rejects: there is one transport, so that what a
/// peer leaves outside the bundle is rejected whatever the policy. The policy says how much an offer that was never
/// answered promises: its first section has candidates, the others have the same transport or none.
/// - SeeAlso: RFC 9429 §4.1.1, §5.2.1, W3C webrtc-pc `RTCBundlePolicy`
public enum BundlePolicy: String, Hashable, Sendable, CaseIterable {
  /// The first section of each kind states the transport, others are `bundle-only`. The W3C's default.
  case balanced
  /// Every section states the transport. Our default: what browsers offer when each kind has one section.
  case maxCompat = "max-compat"
  /// The first section alone states the transport.
  case maxBundle = "max-bundle"

  /// Whether a section of `kind` is only for the bundle, after sections of the kinds `earlier`.
  func isBundleOnly(_ kind: String, after earlier: [String]) -> Bool {
    switch self {
    case .balanced: earlier.contains(kind)
    case .maxCompat: false
    case .maxBundle: !earlier.isEmpty
    }
  }
}
