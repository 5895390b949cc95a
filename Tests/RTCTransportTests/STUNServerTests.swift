import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport
import Testing

@Suite struct STUNServerTests {
  private let server = Endpoint(IPAddress(198, 51, 100, 1), 3478)
  private let id = TransactionID(high: 1, low: 2)

  @Test(arguments: ["192.0.2.33:40000", "[2001:db8::1]:40000"])
  func `a Binding request learns where it came from`(source: String) throws {
    let client = try #require(Endpoint(source))
    let response = try reply(to: STUNMessage(.request, .binding, transactionID: id).bytes(), from: client)
    #expect(response == STUNMessage(.success, .binding, transactionID: id, attributes: [.xorMappedAddress(client)]))
  }

  @Test func `a fingerprint is answered with one`() throws {
    let client = Endpoint(IPAddress(192, 0, 2, 33), 40_000)
    let request = STUNMessage(.request, .binding, transactionID: id).bytes(fingerprint: true)
    #expect(try reply(to: request, from: client)?.fingerprint != nil)
    var damaged = request
    damaged[27] ^= 1
    #expect(try reply(to: damaged, from: client) == nil)
  }

  @Test func `an unknown attribute that must be understood is answered with 420`() throws {
    let odd = STUNAttributeType(rawValue: 0x7FF1)
    let request = STUNMessage(.request, .binding, transactionID: id, attributes: [.unknown(odd, [1])])
    let response = try reply(to: request.bytes(), from: server)
    #expect(response?.errorCode == .unknownAttribute)
    #expect(response?.unknownAttributes == [odd])
  }

  @Test(arguments: [STUNMessage.Class.indication, .success, .error])
  func `what is no Binding request gets no answer`(kind: STUNMessage.Class) throws {
    #expect(try reply(to: STUNMessage(kind, .binding, transactionID: id).bytes(), from: server) == nil)
    #expect(try reply(to: STUNMessage(.request, .allocate, transactionID: id).bytes(), from: server) == nil)
    #expect(try reply(to: [1, 2, 3], from: server) == nil)
  }

  @Test func `a request is repeated on the schedule of RFC 8489`() {
    var transaction = STUNTransaction(id, request: [1], at: .start)
    var times: [Double] = [0]
    while true {
      let now = transaction.nextTimeout
      #expect(transaction.handleTimeout(at: now - .nanoseconds(1)) == .wait)
      let action = transaction.handleTimeout(at: now)
      times.append((now - .start).inSeconds)
      if action == .fail { break }
      #expect(action == .retransmit)
    }
    #expect(times == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 39.5])
    #expect(transaction.requestsSent == 7)
  }

  private func reply(to bytes: [UInt8], from client: Endpoint) throws -> STUNMessage? {
    var core = STUNServer()
    var output = Transmissions()
    core.handle(Datagram(from: client, to: server, bytes: bytes.span), at: .start, into: &output)
    guard output.count == 1 else {
      #expect(output.isEmpty && core.discarded == 1)
      return nil
    }
    #expect(output.entries[0].source == server && output.entries[0].destination == client)
    return try STUNMessage(parsing: output[0].bytes)
  }
}
