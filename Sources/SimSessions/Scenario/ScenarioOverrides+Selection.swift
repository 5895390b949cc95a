import RTCMedia

/// The options of what an SFU selects.
extension ScenarioOverrides {
  /// Those that are set, and what they say.
  private var selectionOptions: [(name: String, found: String)] {
    [
      simulcast.map { ("--simulcast", $0 ? "'on'" : "'off'") }, lastN.map { ("--last-n", "\($0)") },
    ].compactMap(\.self)
  }

  /// Refuses them for a scenario that is run in one topology in which they change nothing.
  public func checkSelection(in scenario: Scenario) throws(ScenarioError) {
    guard let topology = scenario.session?.topology, topology != SelectiveForwarding().name else { return }
    if let option = selectionOptions.first {
      throw .option(
        name: option.name, found: "\(option.found) in topology '\(topology)'",
        allowed: "only where an SFU forwards: add --topology \(SelectiveForwarding().name)")
    }
  }

  /// Refuses them where there are no estimates to select by.
  fileprivate func checkEstimates(of session: SessionScenario) throws(ScenarioError) {
    guard let option = selectionOptions.first else { return }
    guard session.video != nil else {
      throw .option(
        name: option.name, found: "\(option.found) without video", allowed: "only with pictures to select from")
    }
    if !session.adapts {
      throw .option(
        name: option.name, found: "\(option.found) with congestion control '\(session.congestionControl ?? "none")'",
        allowed: "only with a controller that estimates, because an SFU selects by its estimates: add "
          + "--congestion-control gcc")
    }
  }
}

extension SessionScenario {
  /// Selects what the options say.
  mutating func select(_ overrides: ScenarioOverrides) throws(ScenarioError) {
    if let count = overrides.lastN, !WholeNumberLimit.lastN.contains(count) {
      throw .option(name: "--last-n", found: "\(count)", allowed: WholeNumberLimit.lastN.allowed)
    }
    try overrides.checkEstimates(of: self)
    if overrides.simulcast == true, adaptation == VideoAdaptations.ladder.name {
      throw .option(
        name: "--simulcast", found: "'on' with adaptation 'ladder'",
        allowed: "only with adaptation 'chromium', because a ladder is of one picture that changes its size")
    }
    guard overrides.simulcast != nil || overrides.lastN != nil else { return }
    var profile = sfu ?? ForwardingProfile()
    if let simulcast = overrides.simulcast { profile.simulcast = simulcast }
    if let count = overrides.lastN { profile.lastN = count }
    sfu = profile
  }
}
