import RTCPrimitives
import RTCTransport
import RTCWire

/// `rtcsim inspect`: what is this packet?
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Decodes a packet, a session description or a capture, field by field.",
    discussion: """
      The input is a file, - for standard input, or hexadecimal digits. Malformed input ends with status 2, the
      offset and the reason. SCTP is never taken for itself: it travels inside DTLS, and has to be named.
      """)

  @Argument(help: ArgumentHelp("What is decoded: a file, - or hexadecimal digits.", valueName: "file|-|hex"))
  var input: String
  @Option(name: .customLong("as"), help: ArgumentHelp("What it is taken for.", valueName: "kind"))
  var kind = InspectionFormat.auto
  @Option(help: "Form of the output.") var format = OutputFormat.text
  @Option(help: "Checks the integrity of a STUN message with this password.") var password: String?
  @Option(help: "User name of long-term credentials.") var username: String?
  @Option(help: "Realm of long-term credentials.") var realm: String?

  enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    case text, json
  }

  func validate() throws {
    if realm != nil, username == nil {
      throw InspectionError.missingOption(
        "--username", because: "long-term credentials are a user name, a realm and a password")
    }
    if realm != nil || username != nil, password == nil {
      throw InspectionError.missingOption("--password", because: "without it the integrity cannot be checked")
    }
  }

  func run() throws {
    let bytes = try InspectionInput.read(input)
    let inspection = try Inspector(integrityKey: integrityKey).inspect(bytes, as: kind)
    switch format {
    case .text: Terminal.write(inspection.text)
    case .json: Terminal.write(inspection.json.text() + "\n")
    }
  }

  /// RFC 8489 §9.1.1 without a realm, §9.2.2 with one.
  private var integrityKey: MessageIntegrityKey? {
    guard let password else { return nil }
    guard let username, let realm else { return MessageIntegrityKey(shortTerm: password) }
    return MessageIntegrityKey(longTermUsername: username, realm: realm, password: password)
  }
}

/// What `--as` takes.
enum InspectionFormat: String, CaseIterable, ExpressibleByArgument {
  case auto, sdp, stun, rtp, rtcp, dtls, sctp
  case channelData = "channel-data"
  case pcap
}
