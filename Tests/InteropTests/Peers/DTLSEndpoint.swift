import Foundation
import RTCPrimitives
import RTCSockets
import RTCTransport

/// A `DTLSTransport` alone on a socket of this machine, which answers to where it was last heard from.
final class DTLSEndpoint: TimedParticipant {
  private var transport: DTLSTransport
  private var output = DTLSTransport.Output()
  private var socket: DatagramSocket?
  private var peer: Endpoint?
  private(set) var keys: SRTPKeys?
  private(set) var failure: DTLSFailure?

  /// - Parameter peer: where a client connects to; `nil` makes a server.
  init(
    _ profile: SRTPProfile, connectingTo peer: Endpoint? = nil, accepting fingerprint: DTLSFingerprint,
    on loop: SocketLoop
  ) throws {
    let provider = try CryptoProvider()
    var configuration = DTLSTransport.Configuration()
    configuration.srtpProfiles = [profile]
    transport = try DTLSTransport(
      provider: provider, identity: provider.identity(named: "interop"), role: peer == nil ? .server : .client,
      name: "interop", remoteFingerprints: [fingerprint], configuration: configuration)
    self.peer = peer
    socket = try DatagramSocket(Endpoint(TURNServers.loopback, 0), on: loop) { [unowned self] datagram, now in
      self.peer = datagram.source
      transport.handle(datagram.bytes, at: now, into: &output)
      flush()
    }
    loop.add(self)
    transport.start(at: loop.clock.now, into: &output)
    flush()
  }

  var port: UInt16 { socket?.local.port ?? 0 }

  /// What was exported, put together again (RFC 5764 §4.2).
  var keyingMaterial: [UInt8]? {
    guard let keys else { return nil }
    let (client, server) = transport.role == .client ? (keys.local, keys.remote) : (keys.remote, keys.local)
    return client.key + server.key + client.salt + server.salt
  }

  var nextTimeout: Instant? { transport.nextTimeout }

  func handleTimeout(at now: Instant) {
    transport.handleTimeout(at: now, into: &output)
    flush()
  }

  private func flush() {
    for event in output.events {
      switch event {
      case .connected(let keys): self.keys = keys
      case .failed(let failure): self.failure = failure
      case .sent, .closed: break
      }
    }
    if let peer { for index in 0..<output.datagramCount { socket?.send(output.datagram(index), to: peer) } }
    output.removeAll()
  }
}
