import RTCPrimitives
import SimNetwork
import SimNodes

/// One change of a call: what is done at which moment, as a user writes it.
public struct WhatIf: Hashable, Sendable, Codable {
  /// The number of the moment in the history that is changed.
  public var moment: Int
  /// A name of `WhatIfActions`.
  public var action: String
  /// A client, a NAT or a link; `nil` for what stands nearest to the moment.
  public var target: String?
  public var argument: String?

  public init(moment: Int, action: String, target: String? = nil, argument: String? = nil) {
    self.moment = moment
    self.action = action
    self.target = target
    self.argument = argument
  }

  /// Reads `drop-next client-2.up` and the like; the words after the action may come in any order.
  ///
  /// - Throws: `WhatIfError` for an unknown action or too many words.
  public init(_ text: String, at moment: Int) throws(WhatIfError) {
    let words = text.split(separator: " ").map(String.init)
    guard let name = words.first else { throw .unknownAction("", nearest: nil) }
    let action = try WhatIfActions.action(name)
    self.init(moment: moment, action: name)
    for word in words.dropFirst() {
      if target == nil, word.hasPrefix("client-") || word.hasPrefix("@"), action.target != .nothing {
        target = word
      } else if argument == nil, action.argument != .nothing {
        argument = word
      } else {
        throw .unexpected(word, action: action)
      }
    }
  }
}

/// What somebody may try at a moment.
public struct WhatIfAction: Hashable, Sendable {
  public enum Target: Hashable, Sendable {
    case nothing, client, link
    /// By its name in the ladder, or by that of a client whose first NAT it is.
    case nat
  }

  public enum Argument: Hashable, Sendable {
    case nothing
    /// A time, and the one that is meant when none is given.
    case duration(Duration)
    /// One of these; the first is meant when none is given.
    case choice([String])
  }

  public let name: String
  public let summary: String
  public let target: Target
  public let argument: Argument

  init(_ name: String, _ summary: String, _ target: Target = .nothing, _ argument: Argument = .nothing) {
    self.name = name
    self.summary = summary
    self.target = target
    self.argument = argument
  }

  /// How it is written: `delay-next [LINK] [TIME]`.
  public var usage: String {
    let target =
      switch target {
      case .nothing: ""
      case .client: " [CLIENT]"
      case .nat: " [NAT]"
      case .link: " [LINK]"
      }
    let argument =
      switch argument {
      case .nothing: ""
      case .duration: " [TIME]"
      case .choice: " [BEHAVIOR]"
      }
    return name + target + argument
  }
}

/// All that can be tried; one line each.
public enum WhatIfActions {
  public static let all: [WhatIfAction] = [
    WhatIfAction("drop-next", "drops the next datagram of a link", .link),
    WhatIfAction("delay-next", "delays the next datagram of a link", .link, .duration(.milliseconds(50))),
    WhatIfAction("duplicate-next", "doubles the next datagram of a link", .link),
    WhatIfAction("cut", "cuts a client's link for UDP, for a time", .client, .duration(.seconds(2))),
    WhatIfAction("reboot-nat", "restarts a NAT, which forgets its mappings", .nat),
    WhatIfAction("change-nat", "exchanges a NAT", .nat, .choice(natBehaviors.map(\.name))),
    WhatIfAction("block-udp", "a firewall lets a client's UDP pass to the TURN server only", .client),
    WhatIfAction("change-network", "a client leaves its network for a mobile one and restarts ICE", .client),
    WhatIfAction("stop-stun", "stops the STUN server"),
    WhatIfAction("stop-turn", "stops the TURN server"),
    WhatIfAction("stop-signaling", "stops the signaling server"),
    WhatIfAction("refuse-camera", "a person says no when asked for the camera", .client),
    WhatIfAction("mute", "mutes a microphone", .client),
    WhatIfAction("hold", "puts the call on hold: nothing is sent or wanted", .client),
    WhatIfAction("add-track", "adds a second video track and negotiates again", .client),
    WhatIfAction("remove-track", "takes the camera off the call and negotiates again", .client),
    WhatIfAction("stop-video", "stops the transceiver of video: its section is rejected", .client),
    WhatIfAction("restart-ice", "restarts ICE with new credentials", .client),
    WhatIfAction("hang-up", "ends the call", .client),
  ]

  /// What a NAT can be exchanged for: all that have a name and are one NAT.
  static let natBehaviors: [NATBehaviors.Named] =
    NATBehaviors.all.reversed()
    + AccessBehaviors.all.compactMap { named in
      named.access.translators.first.map {
        NATBehaviors.Named(name: named.name, summary: named.summary, behavior: $0)
      }
    }

  static func action(_ name: String) throws(WhatIfError) -> WhatIfAction {
    guard let action = all.first(where: { $0.name == name }) else {
      throw .unknownAction(name, nearest: nearestName(to: name, in: all.map(\.name)))
    }
    return action
  }
}

/// Why a change cannot be tried.
public enum WhatIfError: Error, Hashable, Sendable, CustomStringConvertible {
  case unknownAction(String, nearest: String?)
  case unexpected(String, action: WhatIfAction)
  case badTarget(String, action: String, allowed: [String])
  case badArgument(String, action: String, allowed: String)
  case noSuchMoment(Int, count: Int)
  /// Changes are made from the beginning to the end.
  case notInOrder(Int, after: Int)
  /// The history has nothing that it could be done to.
  case notHere(action: String, because: String)

  public var description: String {
    switch self {
    case .unknownAction(let name, let nearest):
      "what-if: '\(name)' found, allowed: \(WhatIfActions.all.map(\.name).joined(separator: ", "))"
        + (nearest.map { "; did you mean '\($0)'?" } ?? "")
    case .unexpected(let word, let action): "what-if: '\(word)' found, allowed: \(action.usage)"
    case .badTarget(let target, let action, let allowed):
      "what-if \(action): '\(target)' found, allowed: \(allowed.joined(separator: ", "))"
    case .badArgument(let argument, let action, let allowed):
      "what-if \(action): '\(argument)' found, allowed: \(allowed)"
    case .noSuchMoment(let moment, let count): "moment: \(moment) found, allowed: 0 to \(count - 1)"
    case .notInOrder(let moment, let last):
      "what-if: moment \(moment) found, allowed: \(last) or later, because a change at \(last) comes before it"
    case .notHere(let action, let because): "what-if \(action): not possible, because \(because)"
    }
  }
}
