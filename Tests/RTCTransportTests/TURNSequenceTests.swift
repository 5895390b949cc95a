import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport
import Testing

/// The message sequences of `turn/sequences.json`: each step of a client or a peer is played as its case here says,
/// and what the server sends is compared with the steps that follow in the file.
@Suite struct TURNSequenceTests {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    struct Step: Decodable, Sendable {
      let from: String
      let to: String
      let msg: String
      let code: UInt16?
      let attrs: [String]?
    }
    let id: String
    let steps: [Step]

    var testDescription: String { id }

    static func all() throws -> [Case] {
      struct File: Decodable { let cases: [Case] }
      return try Vectors.decode(File.self, from: "turn/sequences.json").cases
    }
  }

  /// Cases that need TCP between server and peer (RFC 6062), which this server does not offer.
  static let outOfScope: Set = ["tcp-allocation"]

  @Test func `every case with peers over UDP is played`() throws {
    #expect(Set(Self.scripts.keys).union(Self.outOfScope) == Set(try Case.all().map(\.id)))
  }

  @Test(arguments: try Case.all().filter { !outOfScope.contains($0.id) })
  func `the server follows the sequence`(sequence: Case) throws {
    let script = try #require(Self.scripts[sequence.id])
    var driver = TURNDriver(script.configuration)
    script.setUp(&driver)
    driver.received = []
    var actions = script.actions[...]
    for (index, step) in sequence.steps.enumerated() {
      guard step.from == "server" else {
        if index > 0, sequence.steps[index - 1].from == "server" {
          #expect(driver.received == [], "\(sequence.id), before step \(index)")
        }
        let next = actions.popFirst()
        let action = try #require(next, "\(sequence.id), step \(index)")
        try action(&driver)
        continue
      }
      let copies = step.msg.hasSuffix("twice") ? 2 : 1
      if step.msg.hasPrefix("(nothing)") {
        #expect(driver.received == [], "\(sequence.id), step \(index)")
        continue
      }
      try #require(driver.received.count >= copies, "\(sequence.id), step \(index)")
      let observed = driver.received.prefix(copies)
      driver.received.removeFirst(copies)
      #expect(Set(observed.map(\.bytes)).count == 1)
      expect(observed[observed.startIndex], is: step, "\(sequence.id), step \(index)")
    }
    Vectors.ran(sequence.id, of: "turn/sequences.json")
    #expect(driver.received == [])
    #expect(actions.isEmpty)
    script.check(driver)
  }

  private func expect(_ packet: TURNDriver.Packet, is step: Case.Step, _ place: Comment) {
    #expect(packet.destination == (step.to == "peer" ? TURNDriver.peer : TURNDriver.client), place)
    if step.msg.hasPrefix("UDP datagram") {
      #expect(packet.bytes == TURNDriver.payload, place)
    } else if step.msg.hasPrefix("ChannelData 0x4000") {
      #expect(packet.bytes == [0x40, 0, 0, 3] + TURNDriver.payload, place)
    } else if let message = packet.message {
      #expect(message.errorCode?.code == step.code, place)
      if step.msg.contains("error") { #expect(message.messageClass == .error, place) }
      if step.msg.contains("success") { #expect(message.messageClass == .success, place) }
      if step.msg == "Data indication" {
        #expect(message.data == TURNDriver.payload, place)
        #expect(message.xorPeerAddress?.address == TURNDriver.peer.address, place)
      }
      for method in ["Allocate", "Refresh", "Data"] where step.msg.hasPrefix(method) {
        #expect(message.method.description == method, place)
      }
      if step.msg.contains("LIFETIME=0") { #expect(message.lifetime == .zero, place) }
      if step.msg.contains("RESERVATION-TOKEN") { #expect(message.reservationToken != nil, place) }
      for attribute in step.attrs ?? [] {
        let name = String(attribute.prefix { $0 != "=" && $0 != " " })
        #expect(message.attributes.contains { $0.name == name }, place)
      }
      if step.attrs == ["UNKNOWN-ATTRIBUTES=[0x7FF0]"] {
        #expect(message.unknownAttributes == [STUNAttributeType(rawValue: 0x7FF0)], place)
      }
    } else {
      Issue.record("no STUN message: \(hex(packet.bytes))")
    }
  }

  struct Script: Sendable {
    typealias Action = @Sendable (inout TURNDriver) throws -> Void
    var configuration = TURNDriver.configuration
    var setUp: @Sendable (inout TURNDriver) -> Void = { $0.allocate() }
    let actions: [Action]
    var check: @Sendable (TURNDriver) -> Void = { _ in }
  }

  private static func configured(_ change: (inout TURNServer.Configuration) -> Void) -> TURNServer.Configuration {
    var configuration = TURNDriver.configuration
    change(&configuration)
    return configuration
  }

  private static let udp: [STUNAttribute] = [.requestedTransport(17)]
  private static let to: [STUNAttribute] = [.xorPeerAddress(TURNDriver.peer)]
  private static let toOther: [STUNAttribute] = [.xorPeerAddress(Endpoint(TURNDriver.peer.address, 5_001))]
  private static func channel(_ number: UInt16) -> STUNAttribute { .channelNumber(number) }

  static let scripts: [String: Script] = authentication.merging(allocations) { $1 }.merging(relaying) { $1 }

  private static let authentication: [String: Script] = [
    "allocate-401-then-ok": Script(
      setUp: { _ in },
      actions: [
        { $0.request(.allocate, udp, credentials: nil) },
        {
          try $0.learnNonce()
          $0.request(.allocate, udp)
        },
      ]),
    "wrong-password": Script(
      setUp: { $0.challenge() },
      actions: [{ $0.request(.allocate, udp, credentials: .init(username: "alice", password: "guess")) }]),
    "stale-nonce": Script(
      configuration: configured { $0.nonceLifetime = .seconds(100) },
      setUp: {
        $0.allocate()
        $0.now += .seconds(100)
      },
      actions: [
        { $0.request(.refresh) },
        {
          try $0.learnNonce()
          $0.request(.refresh)
        },
      ],
      check: { #expect($0.server.allocationCount == 1) }),
    "wrong-credentials-441": Script(actions: [
      { $0.request(.refresh, credentials: .init(username: "bob", password: "builder")) }
    ]),
    "unknown-comprehension-required": Script(
      setUp: { $0.challenge() },
      actions: [{ $0.request(.allocate, udp + [.unknown(STUNAttributeType(rawValue: 0x7FF0), [])]) }]),
  ]

  private static let allocations: [String: Script] = [
    "allocation-mismatch-437": Script(actions: [{ $0.request(.allocate, udp) }]),
    "retransmitted-allocate": Script(
      setUp: { $0.challenge() },
      actions: [{ $0.request(.allocate, udp) }, { $0.repeatLastRequest() }],
      check: { #expect($0.server.allocationCount == 1) }),
    "no-allocation-437": Script(
      setUp: { $0.challenge() },
      actions: [
        { driver in
          driver.request(.refresh)
          driver.request(.createPermission, to)
          driver.request(.channelBind, to + [channel(0x4000)])
          #expect(
            driver.received.map(\.message?.errorCode) == [
              .allocationMismatch, .allocationMismatch, .allocationMismatch,
            ])
          driver.received.removeLast(2)
        }
      ]),
    "unsupported-transport-442": Script(
      setUp: { $0.challenge() }, actions: [{ $0.request(.allocate, [.requestedTransport(6)]) }]),
    "address-family-440": Script(
      setUp: { $0.challenge() }, actions: [{ $0.request(.allocate, udp + [.requestedAddressFamily(2)]) }]),
    "quota-486": Script(
      configuration: configured { $0.allocationsPerUser = 1 },
      actions: [
        {
          $0.changePort()
          $0.request(.allocate, udp)
        }
      ]),
    "capacity-508": Script(
      configuration: configured { $0.relayPorts = 50_000...50_000 },
      actions: [
        { driver in
          driver.changePort()
          driver.request(.allocate, udp)
          driver.request(.allocate, udp + [.reservationToken(1)])
          #expect(driver.received.map(\.message?.errorCode) == [.insufficientCapacity, .insufficientCapacity])
          driver.received.removeLast()
        }
      ]),
    "refresh-zero-deletes": Script(
      actions: [{ $0.request(.refresh, [.lifetime(seconds: 0)]) }, { $0.request(.refresh) }],
      check: { #expect($0.server.allocationCount == 0) }),
    "even-port-reserve": Script(
      setUp: {
        $0.allocate()
        $0.changePort()
      },
      actions: [
        { $0.request(.allocate, udp + [.evenPort(reserveNext: true)]) },
        { driver in
          let first = try #require(driver.last?.xorRelayedAddress)
          let token = try #require(driver.last?.reservationToken)
          driver.now += .seconds(29)
          driver.changePort()
          driver.request(.allocate, udp + [.reservationToken(token)])
          let second = try #require(driver.last?.xorRelayedAddress)
          #expect(first.port.isMultiple(of: 2))
          #expect(second == Endpoint(first.address, first.port + 1))
        },
      ]),
  ]

  private static let relaying: [String: Script] = [
    "peer-family-443": Script(actions: [
      { $0.request(.createPermission, [.xorPeerAddress(Endpoint(IPAddress(v6High: 1, low: 1), 1))]) }
    ]),
    "forbidden-403": Script(actions: [
      { $0.request(.createPermission, to + [.xorPeerAddress(Endpoint(IPAddress(127, 0, 0, 1), 1))]) }
    ]),
    "send-indication-without-permission": Script(actions: [{ $0.sendIndication() }]),
    "data-from-unpermitted-peer": Script(actions: [{ $0.sendFromPeer() }]),
    "permission-is-ip-only": Script(actions: [
      { driver in
        driver.request(.createPermission, to)
        #expect(driver.received.popLast()?.message?.messageClass == .success)
      },
      { $0.sendFromPeer(port: 6_000) },
    ]),
    "permission-expiry": Script(actions: [
      { driver in
        driver.request(.createPermission, to)
        #expect(driver.received.popLast()?.message?.messageClass == .success)
      },
      {
        $0.now = .start + .seconds(299)
        $0.sendFromPeer()
      },
      {
        $0.now = .start + .seconds(301)
        $0.sendFromPeer()
      },
    ]),
    "channel-bind-ok": Script(actions: [
      { $0.request(.channelBind, to + [channel(0x4000)]) }, { $0.sendChannelData(0x4000) }, { $0.sendFromPeer() },
    ]),
    "channel-number-out-of-range": Script(actions: [
      { driver in
        driver.request(.channelBind, to + [channel(0x3FFF)])
        driver.request(.channelBind, to + [channel(0x5000)])
        #expect(driver.received.map(\.message?.errorCode) == [.badRequest, .badRequest])
        driver.received.removeLast()
      }
    ]),
    "channel-number-bound-to-other-peer": Script(actions: [
      { $0.request(.channelBind, to + [channel(0x4000)]) }, { $0.request(.channelBind, toOther + [channel(0x4000)]) },
    ]),
    "peer-bound-to-other-channel": Script(actions: [
      { $0.request(.channelBind, to + [channel(0x4000)]) }, { $0.request(.channelBind, to + [channel(0x4001)]) },
    ]),
    "channel-rebind-same": Script(
      setUp: {
        $0.allocate()
        $0.request(.channelBind, to + [channel(0x4000)])
      }, actions: [{ $0.request(.channelBind, to + [channel(0x4000)]) }]),
    "channel-data-unbound": Script(actions: [{ $0.sendChannelData(0x4000) }]),
    "channel-outlives-permission": Script(
      actions: [
        { driver in
          driver.request(.channelBind, to + [channel(0x4000)])
          #expect(driver.received.popLast()?.message?.messageClass == .success)
        },
        {
          $0.now = .start + .seconds(400)
          $0.sendFromPeer()
        },
      ],
      check: { driver in
        var driver = driver
        driver.sendChannelData(0x4000)
        #expect(driver.received.map(\.bytes) == [TURNDriver.payload])
        driver.received = []
        driver.request(.createPermission, to)
        driver.received = []
        driver.sendFromPeer()
        #expect(driver.received.map(\.bytes) == [[0x40, 0, 0, 3] + TURNDriver.payload])
      }),
  ]
}
