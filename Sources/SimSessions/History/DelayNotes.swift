import RTCPrimitives
import SimNodes

extension History {
  /// Which delays of the call are people's and which are the network's.
  public var notes: [String] {
    guard let session = scenario.session else { return [] }
    return [peopleNote(session), networkNote(session)]
  }

  private func peopleNote(_ session: SessionScenario) -> String {
    let people = session.people
    guard !people.isNone else {
      return "People and applications take no time in this scenario: every delay is the network's."
    }
    let parts = [
      ("camera and microphone allowed after", people.camera), ("connection made after another", people.page),
      ("offer after another", people.offer), ("answered", people.answer),
    ]
    return "People and applications: "
      + parts.map { "\($0.0) \($0.1.text) ms" }.joined(separator: ", ") + " after the offer came."
  }

  private func networkNote(_ session: SessionScenario) -> String {
    let (first, second) = (session.client(at: 0), session.client(at: 1))
    func up(_ client: ClientProfile, to site: String) -> Duration {
      client.uplink.propagationDelay + scenario.delay(between: client.site, and: site)
    }
    func down(_ client: ClientProfile, from site: String) -> Duration {
      client.downlink.propagationDelay + scenario.delay(between: client.site, and: site)
    }
    let signaling = up(second, to: session.signalingSite) + down(first, from: session.signalingSite)
    let direct = up(second, to: first.site) + first.downlink.propagationDelay
    var text = "The network, without queues: a message through the signaling server takes \(signaling.text) ms"
    if let site = session.stunSite {
      text += ", the STUN server answers after \((up(second, to: site) + down(second, from: site)).text) ms"
    }
    return text + ", a datagram from \(ends[1]) to \(ends[0]) takes \(direct.text) ms."
  }
}
