import Foundation
import RTCSession
import RTCWire
import TestSupport
import Testing

@Suite struct SignalingTests {
  private struct Transition: Decodable, CustomTestStringConvertible {
    let state: String
    let method: String
    let type: String
    let next: String
    let error: String?
    let events: [String]

    enum CodingKeys: String, CodingKey {
      case state, method, type, next, error
      case events = "signalingstatechange_events"
    }

    var testDescription: String { "\(state) \(method) \(type)" }

    static var all: [Transition] {
      struct File: Decodable { let cases: [Transition] }
      return (try? Vectors.decode(File.self, from: "jsep/signaling_transitions.json").cases) ?? []
    }
  }

  /// A description that can be told from others by its version.
  private static func description(_ version: UInt64) -> SessionDescription {
    SessionDescription(origin: .init(sessionID: 1, sessionVersion: version))
  }

  private static func signaling(in state: SignalingState) throws -> Signaling {
    var signaling = Signaling()
    switch state {
    case .stable: break
    case .haveLocalOffer: _ = try signaling.set(.local, .offer(description(1)))
    case .haveRemoteOffer: _ = try signaling.set(.remote, .offer(description(1)))
    case .haveLocalPranswer:
      _ = try signaling.set(.remote, .offer(description(1)))
      _ = try signaling.set(.local, .pranswer(description(2)))
    case .haveRemotePranswer:
      _ = try signaling.set(.local, .offer(description(1)))
      _ = try signaling.set(.remote, .pranswer(description(2)))
    case .closed: signaling.close()
    }
    return signaling
  }

  @Test func `the table of transitions is complete`() {
    #expect(Transition.all.count == 48)
  }

  @Test(arguments: Transition.all)
  private func `a description is set or refused as the table of the W3C says`(transition: Transition) throws {
    Vectors.ran(transition.testDescription, of: "jsep/signaling_transitions.json")
    let state = try #require(SignalingState(rawValue: transition.state))
    var signaling = try Self.signaling(in: state)
    let before = signaling
    let change: DescriptionChange =
      switch transition.type {
      case "offer": .offer(Self.description(9))
      case "pranswer": .pranswer(Self.description(9))
      case "answer": .answer(Self.description(9))
      default: .rollback
      }
    let side: SignalingSide = transition.method == "setLocalDescription" ? .local : .remote
    if transition.error == nil {
      #expect(try signaling.set(side, change).map(\.rawValue) == transition.events)
    } else {
      #expect(throws: InvalidStateError.self) { try signaling.set(side, change) }
      #expect(signaling == before)
    }
    #expect(signaling.state.rawValue == transition.next)
  }

  @Test func `an answer makes both pending descriptions current`() throws {
    var signaling = try Self.signaling(in: .haveRemotePranswer)
    #expect(signaling.local == Self.description(1))
    #expect(signaling.remote == Self.description(2))
    _ = try signaling.set(.remote, .answer(Self.description(3)))
    #expect(signaling.currentLocal == Self.description(1))
    #expect(signaling.currentRemote == Self.description(3))
    #expect(signaling.pendingLocal == nil)
    #expect(signaling.pendingRemote == nil)
  }

  @Test func `rollback leaves what was stable`() throws {
    var signaling = try Self.signaling(in: .haveLocalOffer)
    _ = try signaling.set(.remote, .answer(Self.description(2)))
    let stable = signaling
    _ = try signaling.set(.remote, .offer(Self.description(3)))
    #expect(signaling.remote == Self.description(3))
    _ = try signaling.set(.local, .rollback)
    #expect(signaling == stable)
  }

  @Test func `whose current description is the offer changes with an answer only`() throws {
    for (offerer, answerer) in [(SignalingSide.local, SignalingSide.remote), (.remote, .local)] {
      var signaling = Signaling()
      #expect(signaling.currentOfferer == nil)
      _ = try signaling.set(offerer, .offer(Self.description(1)))
      _ = try signaling.set(answerer, .pranswer(Self.description(2)))
      #expect(signaling.currentOfferer == nil)
      _ = try signaling.set(answerer, .answer(Self.description(3)))
      #expect(signaling.currentOfferer == offerer)
      _ = try signaling.set(answerer, .offer(Self.description(4)))
      #expect(signaling.currentOfferer == offerer)
      _ = try signaling.set(answerer, .rollback)
      #expect(signaling.currentOfferer == offerer)
      _ = try signaling.set(answerer, .offer(Self.description(5)))
      _ = try signaling.set(offerer, .answer(Self.description(6)))
      #expect(signaling.currentOfferer == answerer)
      signaling.close()
      #expect(signaling.currentOfferer == answerer)
    }
  }

  @Test func `a remote offer displaces the local one`() throws {
    var signaling = try Self.signaling(in: .haveLocalOffer)
    _ = try signaling.set(.remote, .offer(Self.description(5)))
    #expect(signaling.pendingLocal == nil)
    #expect(signaling.pendingRemote == Self.description(5))
  }

  @Test func `offers and answers may be made where the W3C allows it`() throws {
    for state in SignalingState.allCases {
      let signaling = try Self.signaling(in: state)
      #expect(signaling.mayCreateOffer == [.stable, .haveLocalOffer].contains(state))
      #expect(signaling.mayCreateAnswer == [.haveRemoteOffer, .haveLocalPranswer].contains(state))
    }
  }

  @Test func `the error says what was tried in which state`() {
    var signaling = Signaling()
    #expect {
      _ = try signaling.set(.remote, .answer(Self.description(1)))
    } throws: { error in
      "\(error)" == "cannot set remote answer in signaling state stable"
    }
  }
}
