import RTCWire

extension DTLSFlight {
  /// Whether the flight holds a certificate: it is the one whose signature costs CPU time.
  var holdsCertificate: Bool { messages.contains(.handshake(.certificate)) }
}
