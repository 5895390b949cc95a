import RTCPrimitives
import RTCSession
import RTCTransport
import SimKernel

/// How far a person's device is with the camera.
public enum CameraState: String, Hashable, Sendable, Encodable {
  case notAsked = "not asked"
  case granted
  case refused
  /// Another program has it.
  case busy
  /// The page may not ask at all.
  case unavailable
}

/// What becomes of it when a page asks for the camera.
public enum CameraPermission: String, Hashable, Sendable, CaseIterable {
  case granted
  /// The person or the system says no: `NotAllowedError`.
  case denied
  /// Another program has the device: `NotReadableError`.
  case busy
}

/// How a page came to the browser: only a secure one may ask for camera and microphone.
public enum PageOrigin: String, Hashable, Sendable, CaseIterable { case https, http }

/// How long people and their applications take, beside the network.
public struct HumanDelays: Hashable, Sendable {
  /// From the click on Call until camera and microphone are allowed.
  public var camera = Duration.zero
  /// From then until the application has made its RTCPeerConnection.
  public var page = Duration.zero
  /// From then until it makes the offer.
  public var offer = Duration.zero
  /// From the offer's arrival until the person called has answered.
  public var answer = Duration.zero

  public init() {}

  /// Whether nobody takes any time.
  public var isNone: Bool { self == HumanDelays() }
}

/// All that can be seen of one end of a call at one time.
public struct EndSnapshot: Hashable, Sendable, Encodable {
  public var node: String
  public var camera: CameraState
  public var inRoom: Bool
  public var connections: [ConnectionSnapshot]
}

extension Client {
  /// The latest round trip of the pair that media takes.
  public var selectedRoundTripTime: Duration? { connections.all.last?.core.transport.ice.roundTripTime }

  /// What can be seen of this client now.
  public func snapshot() -> EndSnapshot {
    let now = port.simulation.now
    return EndSnapshot(
      node: port.name, camera: camera, inRoom: isInRoom,
      connections: connections.all.map { connection in
        var snapshot = connection.core.snapshot(of: connection.peer, at: now)
        for index in snapshot.transceivers.indices where isMuted && snapshot.transceivers[index].kind == "audio" {
          snapshot.transceivers[index].isMuted = true
        }
        return snapshot
      })
  }
}
