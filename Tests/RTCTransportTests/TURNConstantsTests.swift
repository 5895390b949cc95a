import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport
import Testing

@Suite struct TURNConstantsTests {
  private struct File: Decodable {
    struct Value: Decodable {
      let name: String
      let value: Content
    }
    struct Error: Decodable {
      let code: UInt16
      let reason: String
    }
    enum Content: Decodable, Hashable {
      case number(Int)
      case text(String)
      case ports([String: Int])

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self) {
          self = .number(number)
        } else if let text = try? container.decode(String.self) {
          self = .text(text)
        } else {
          self = .ports(try container.decode([String: Int].self))
        }
      }
    }
    let values: [Value]
    let error_codes: [Error]
  }

  @Test func `lifetimes, ports and numbers are those of RFC 8656`() throws {
    func seconds(_ duration: Duration) -> File.Content { .number(Int(duration.components.seconds)) }
    func range(_ range: ClosedRange<UInt16>, radix: Int) -> String {
      let prefix = radix == 16 ? "0x" : ""
      return [range.lowerBound, range.upperBound].map { prefix + String($0, radix: radix, uppercase: true) }
        .joined(separator: "-")
    }
    let ours: [String: File.Content] = [
      "default allocation lifetime": seconds(TURN.defaultAllocationLifetime),
      "maximum allocation lifetime (recommended cap)": seconds(TURN.maximumAllocationLifetime),
      "permission lifetime": seconds(TURN.permissionLifetime),
      "channel binding lifetime": seconds(TURN.channelLifetime),
      "reservation token minimum validity": seconds(TURN.reservationLifetime),
      "channel number range": .text(range(ChannelData.channels, radix: 16)),
      "relay port range": .text(range(TURN.relayPorts, radix: 10) + " recommended"),
      "default ports": .ports(["turn udp/tcp": Int(TURN.port), "turns tls/dtls": Int(TURN.tlsPort)]),
      "client refresh": .text("\(TURN.refreshMargin.components.seconds / 60) minute before expiry"),
      "nonce expiry": seconds(TURN.nonceLifetime),
    ]
    // A client never binds a number or a peer anew, so it needs no quarantine.
    let unused: Set = ["channel / peer rebinding quarantine"]
    for value in try Vectors.decode(File.self, from: "turn/constants.json").values where !unused.contains(value.name) {
      Vectors.ran(value.name, of: "turn/constants.json")
      #expect(ours[value.name] == value.value, "\(value.name)")
    }
  }

  @Test func `error codes have the reasons of the RFCs`() throws {
    let ours: [STUNErrorCode] = [
      .tryAlternate, .badRequest, .unauthenticated, .forbidden, .unknownAttribute, .allocationMismatch, .staleNonce,
      .addressFamilyNotSupported, .wrongCredentials, .unsupportedTransportProtocol, .peerAddressFamilyMismatch,
      .connectionAlreadyExists, .connectionTimeoutOrFailure, .allocationQuotaReached, .roleConflict, .serverError,
      .insufficientCapacity,
    ]
    let theirs = try Vectors.decode(File.self, from: "turn/constants.json").error_codes
    for error in theirs { Vectors.ran(error.code, of: "turn/constants.json") }
    #expect(ours == theirs.map { STUNErrorCode($0.code, $0.reason) })
  }
}
