public import RTCWire

/// Why two descriptions make no session. Sections are counted from 0.
public enum NegotiationError: Error, Hashable, Sendable {
  /// The attribute is needed in this section, or at session level.
  case missing(attribute: String, section: Int)
  /// Two sections have this `a=mid`.
  case duplicateMid(String)
  /// An answer has as many sections as its offer.
  case sectionCount(offered: Int, answered: Int)
  /// The answer states something else than the offer where both must agree.
  case mismatch(what: String, section: Int, offered: String, answered: String)
  /// The answer names a payload type that was not offered.
  case payloadTypeNotOffered(UInt8, section: Int)
  /// The role is not allowed here.
  case setup(SetupRole, section: Int)
}

extension NegotiationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .missing(let attribute, let section): "section \(section): a=\(attribute) is missing"
    case .duplicateMid(let mid): "two sections have a=mid:\(mid)"
    case .sectionCount(let offered, let answered): "\(offered) sections offered, \(answered) answered"
    case .mismatch(let what, let section, let offered, let answered):
      "section \(section): \(what) '\(offered)' offered, '\(answered)' answered"
    case .payloadTypeNotOffered(let payloadType, let section):
      "section \(section): payload type \(payloadType) was not offered"
    case .setup(let role, let section): "section \(section): a=setup:\(role.rawValue) is not allowed here"
    }
  }
}
