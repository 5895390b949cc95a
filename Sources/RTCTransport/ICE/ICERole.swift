/// Which of the two agents nominates.
///
/// - SeeAlso: RFC 8445 §6.1.1
public enum ICERole: String, Hashable, Sendable {
  case controlling
  case controlled

  /// The role of the peer when all is well.
  public var opposite: ICERole {
    switch self {
    case .controlling: .controlled
    case .controlled: .controlling
    }
  }
}

/// What an agent does about the role that a check from its peer claims.
///
/// - SeeAlso: RFC 8445 §7.3.1.1
enum RoleConflictResolution: Hashable {
  /// The roles differ, as they should.
  case noConflict
  /// Answers with error 487 so that the peer switches.
  case reject
  /// Takes the other role and goes on with the check.
  case switchRole

  init(role: ICERole, tieBreaker: UInt64, peerRole: ICERole, peerTieBreaker: UInt64) {
    switch (role, peerRole) {
    case (.controlling, .controlled), (.controlled, .controlling): self = .noConflict
    case (.controlling, .controlling): self = tieBreaker >= peerTieBreaker ? .reject : .switchRole
    case (.controlled, .controlled): self = tieBreaker >= peerTieBreaker ? .switchRole : .reject
    }
  }
}
