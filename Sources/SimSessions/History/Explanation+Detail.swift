import SimNodes

extension Milestone {
  /// What a reader is told about it: what its kind means, and more where the detail says more.
  public var explanation: Explanation {
    switch kind {
    case .flightSent:
      Self.flights.first { detail.hasPrefix($0.prefix) }?.explanation ?? kind.explanation
    case .candidateGathered: Self.candidates.first { detail.hasPrefix($0.prefix) }?.explanation ?? kind.explanation
    case .datagramDropped: Self.drops.first { detail.contains($0.word) }?.explanation ?? kind.explanation
    default: kind.explanation
    }
  }

  private static let flights: [(prefix: String, explanation: Explanation)] = [
    (
      "ClientHello",
      Explanation(
        "The handshake for secret keys begins: one side says which methods it knows.",
        "The first flight: versions, cipher suites, curves and the SRTP profiles of use_srtp; no HelloVerifyRequest, because ICE "
          + "has proved the address.")
    ),
    (
      "ServerHello",
      Explanation(
        "The other side chooses a method, shows its certificate, and asks for one in return.",
        "The second flight: ServerHello, Certificate, ServerKeyExchange (ECDHE, signed), CertificateRequest, ServerHelloDone."
      )
    ),
    (
      "Certificate",
      Explanation(
        "This side shows its certificate, proves that it owns it, and says that it is done.",
        "The third flight: Certificate, ClientKeyExchange, CertificateVerify, ChangeCipherSpec, and Finished, the first message "
          + "that is encrypted.")
    ),
    (
      "ChangeCipherSpec",
      Explanation(
        "The other side is done, too: from here on both have the same secret.",
        "The last flight: ChangeCipherSpec and Finished; whoever sends it can already send media.")
    ),
    (
      "Alert",
      Explanation(
        "A last message on the secret channel says goodbye.",
        "A close_notify alert; it is sent once, because DTLS does not repeat alerts.")
    ),
  ]

  private static let candidates: [(prefix: String, explanation: Explanation)] = [
    (
      "host",
      Explanation(
        "The device's own address. Behind a NAT it is a private one that only neighbours can reach.",
        "A host candidate: type preference 126, its base is itself.")
    ),
    (
      "srflx",
      Explanation(
        "A STUN server told under which public address it sees this side: that is the outside of the NAT.",
        "A server-reflexive candidate: XOR-MAPPED-ADDRESS of a Binding response, type preference 100.")
    ),
    (
      "relay",
      Explanation(
        "A TURN server lends an address of its own and will pass on whatever comes there: the way that nearly always works.",
        "A relayed candidate: XOR-RELAYED-ADDRESS of an Allocate response, type preference 0.")
    ),
  ]

  private static let drops: [(word: String, explanation: Explanation)] = [
    (
      "nobody here has that address",
      Explanation(
        "The address is a private one in somebody else's home, so the datagram leads nowhere. That is expected.",
        "A check to the other side's host candidate leaves through the NAT and finds no route; the pair will fail.")
    ),
    (
      "filter lets nobody in",
      Explanation(
        "The NAT lets nobody in to whom nothing was sent before. The check was not in vain: it has opened this side's NAT.",
        "Address- and port-dependent filtering (RFC 4787 §5): a check in the other direction opens the filter.")
    ),
    (
      "on purpose",
      Explanation(
        "Somebody took this datagram off the link, to see what happens.",
        "A what-if: the sender does not know, and repeats by its own timer.")
    ),
    (
      "blocks UDP",
      Explanation(
        "A firewall lets no UDP through. Only a relay that it allows can help.",
        "Corporate firewalls often pass UDP to their own TURN server only; others need TURN over TCP or TLS.")
    ),
  ]
}
