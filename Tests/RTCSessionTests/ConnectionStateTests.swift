import RTCSession
import TestSupport
import Testing

@Suite struct ConnectionStateTests {
  private struct File: Decodable {
    struct Single: Decodable {
      let ice: [String]
      let dtls: [String]
      let is_closed: Bool
      let iceConnectionState: String
      let connectionState: String
    }

    struct Pair: Decodable {
      let ice: [String]
      let is_closed: Bool
      let iceConnectionState: String
    }

    struct Gathering: Decodable {
      let gathering: [String]
      let iceGatheringState: String
    }

    let single_transport: [Single]
    let two_ice_transports: [Pair]
    let gathering_two: [Gathering]
  }

  private let file: File

  private static let path = "jsep/connection_states.json"

  init() throws { file = try Vectors.decode(File.self, from: Self.path) }

  @Test func `one transport gives the states of the W3C's table`() {
    #expect(file.single_transport.count == 35)
    Vectors.ran("single", count: file.single_transport.count, of: Self.path)
    for row in file.single_transport {
      let ice = ICEConnectionState(
        of: row.ice.compactMap(ICEConnectionState.init(rawValue:)), isClosed: row.is_closed)
      let dtls = row.dtls.compactMap(DTLSTransportState.init(rawValue:))
      #expect(ice.rawValue == row.iceConnectionState, "\(row)")
      #expect(PeerConnectionState(ice: ice, dtls: dtls).rawValue == row.connectionState, "\(row)")
    }
  }

  @Test func `two ICE transports give the states of the W3C's table`() {
    #expect(file.two_ice_transports.count == 49)
    Vectors.ran("two", count: file.two_ice_transports.count, of: Self.path)
    for row in file.two_ice_transports {
      let ice = ICEConnectionState(
        of: row.ice.compactMap(ICEConnectionState.init(rawValue:)), isClosed: row.is_closed)
      #expect(ice.rawValue == row.iceConnectionState, "\(row)")
    }
  }

  @Test func `two gathering transports give the states of the W3C's table`() {
    #expect(file.gathering_two.count == 9)
    Vectors.ran("gathering", count: file.gathering_two.count, of: Self.path)
    for row in file.gathering_two {
      let state = ICEGatheringState(of: row.gathering.compactMap(ICEGatheringState.init(rawValue:)))
      #expect(state.rawValue == row.iceGatheringState, "\(row)")
    }
  }

  @Test func `without transports and when closed the states are those of the beginning and the end`() {
    #expect(PeerConnectionState(ice: ICEConnectionState(of: []), dtls: []) == .new)
    #expect(ICEGatheringState(of: []) == .new)
    #expect(PeerConnectionState(ice: ICEConnectionState(of: [.connected], isClosed: true), dtls: []) == .closed)
  }
}
