import RTCPrimitives
import RTCSession
import RTCWire
import SimKernel

/// What a person can do in the middle of a call.
public enum ClientAction: Hashable, Sendable {
  /// Says no when asked for the camera, which has not happened yet.
  case refuseCamera
  /// Sends digital silence.
  case mute
  /// Sends nothing and wants nothing, until further notice.
  case hold
  /// Sends the camera a second time, as a track of its own.
  case addTrack
  /// Takes the camera off the call, which goes on receiving pictures.
  case removeTrack
  /// Gives pictures up in both directions: their sections are rejected.
  case stopTransceiver
  case restartICE
  /// Is in another network: its addresses there, and its ways to the signaling server.
  case changeNetwork(MovedAccess)
  case hangUp
}

/// Where a client is after it has changed its network.
public struct MovedAccess: Hashable, Sendable {
  public let addresses: [IPAddress]
  /// One way from the client to the signaling server, and back.
  public let signalingDelay: Duration

  public init(addresses: [IPAddress], signalingDelay: Duration) {
    self.addresses = addresses
    self.signalingDelay = signalingDelay
  }
}

extension Client {
  /// Does what a person decided; a change of the connection is offered to every peer.
  public func perform(_ action: ClientAction) async {
    let now = port.simulation.now
    switch action {
    case .refuseCamera: refuseCamera()
    case .mute:
      isMuted = true
      connections.log.note(.muted, "the microphone gives silence", from: port)
    case .hold:
      connections.log.note(.onHold, "nothing is sent or wanted", from: port)
      change(at: now) { connection in
        for index in connection.core.transceivers.indices { connection.core.setDirection(.inactive, of: index) }
      }
    case .addTrack:
      change(at: now) { connection in
        connection.core.addTransceiver(.video, direction: .sendonly)
        connections.log.note(.trackAdded, "a second video", from: port)
      }
    case .removeTrack:
      connections.log.note(.trackRemoved, "the camera's", from: port)
      changeVideo(at: now) { connection, index in
        connection.core.removeTrack(of: index)
        outgoing[connection.number]?.video.removeAll { $0.line == index }
        connection.adapted.video.removeAll { $0.line == index }
      }
    case .stopTransceiver:
      connections.log.note(.transceiverStopped, "of video", from: port)
      changeVideo(at: now) { $0.core.stopTransceiver($1) }
    case .restartICE:
      connections.log.note(.iceRestarted, "with new credentials", from: port)
      change(at: now) { $0.core.restartICE() }
    case .changeNetwork(let access): await changeNetwork(to: access, at: now)
    case .hangUp: hangUp()
    }
    setMediaAlarm()
  }

  /// Leaves its addresses for others; every connection looks for a new way, as an application has it do that listens to
  /// its `networkchange` event.
  private func changeNetwork(to access: MovedAccess, at now: Instant) async {
    guard !hasHungUp else { return }
    connections.log.note(
      .networkChanged, "to \(access.addresses.map(\.description).joined(separator: ", "))", from: port)
    connections.settings.addresses = access.addresses
    configuration.signalingAccess = SignalingAccess(delay: access.signalingDelay)
    await signaling.move(port.name, to: configuration.signalingAccess)
    change(at: now) { connection in
      connection.core.changeHosts(
        to: connections.hosts(ofConnection: connection.number), at: now, into: &connection.output)
      connection.core.restartICE()
    }
  }

  /// Lets the person say no when asked for the camera.
  public func refuseCamera() { isCameraRefused = true }

  /// Changes every transceiver of video that is not stopped.
  private func changeVideo(at now: Instant, _ change: (Connection, Int) -> Void) {
    self.change(at: now) { connection in
      for (index, transceiver) in connection.core.transceivers.enumerated()
      where transceiver.kind == .video && !transceiver.media.isStopped {
        change(connection, index)
      }
    }
  }

  /// Changes every connection; each offers the change as soon as no other exchange is under way.
  private func change(at now: Instant, _ change: (Connection) -> Void) {
    for connection in connections.all {
      change(connection)
      connection.core.updateNegotiationNeeded(into: &connection.output)
      finish(connection, at: now)
    }
  }
}
