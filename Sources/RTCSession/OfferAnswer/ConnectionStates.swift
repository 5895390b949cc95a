/// The state of one ICE transport, or of all of them together.
///
/// - SeeAlso: W3C webrtc-pc `RTCIceTransportState`, `RTCIceConnectionState`
public enum ICEConnectionState: String, Hashable, Sendable, CaseIterable {
  case new, checking, connected, completed, disconnected, failed, closed

  /// The state of all transports together; a bundled transport counts once.
  public init(of transports: [ICEConnectionState], isClosed: Bool = false) {
    func all(_ states: ICEConnectionState...) -> Bool { transports.allSatisfy { states.contains($0) } }
    func any(_ states: ICEConnectionState...) -> Bool { transports.contains { states.contains($0) } }
    self =
      if isClosed {
        .closed
      } else if any(.failed) {
        .failed
      } else if any(.disconnected) {
        .disconnected
      } else if all(.new, .closed) {
        .new
      } else if any(.new, .checking) {
        .checking
      } else if all(.completed, .closed) {
        .completed
      } else {
        .connected
      }
  }
}

/// The state of one DTLS transport.
///
/// - SeeAlso: W3C webrtc-pc `RTCDtlsTransportState`
public enum DTLSTransportState: String, Hashable, Sendable, CaseIterable {
  case new, connecting, connected, closed, failed
}

/// The state of a whole connection.
///
/// - SeeAlso: W3C webrtc-pc `RTCPeerConnectionState`
/// - Note: ICE `completed` counts as connected, as every implementation has it; the specification names `connected` only.
public enum PeerConnectionState: String, Hashable, Sendable, CaseIterable {
  case new, connecting, connected, disconnected, failed, closed

  public init(ice: ICEConnectionState, dtls transports: [DTLSTransportState]) {
    let isSecure = transports.allSatisfy { $0 == .connected || $0 == .closed }
    let isUntouched = transports.allSatisfy { $0 == .new || $0 == .closed }
    self =
      switch ice {
      case .closed: .closed
      case .failed: .failed
      case _ where transports.contains(.failed): .failed
      case .disconnected: .disconnected
      case .new where isUntouched: .new
      case .connected where isSecure, .completed where isSecure: .connected
      case .new, .checking, .connected, .completed: .connecting
      }
  }
}

/// Whether candidates are being gathered, by one transport or by all of them together.
///
/// - SeeAlso: W3C webrtc-pc `RTCIceGatheringState`
public enum ICEGatheringState: String, Hashable, Sendable, CaseIterable {
  case new, gathering, complete

  public init(of transports: [ICEGatheringState]) {
    if transports.contains(.gathering) {
      self = .gathering
    } else {
      self = transports.isEmpty || transports.contains(.new) ? .new : .complete
    }
  }
}
