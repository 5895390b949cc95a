import RTCTransport

/// What a STUN server counted since the start.
public struct STUNServerReport: Hashable, Sendable {
  public let name: String
  public let answered: Int
  /// Datagrams that were no Binding request, or a damaged one.
  public let discarded: Int
}

/// What a TURN server counted since the start, or since it last crashed.
public struct TURNServerReport: Hashable, Sendable {
  public let name: String
  public let allocations: Int
  /// Connections over TCP and TLS that are there, those that are being closed included.
  public let connections: Int
  public let statistics: TURNServer.Statistics
  public let bindingsAnswered: Int
  public let bindingsDiscarded: Int
  /// TCP segments that belong to no connection, and SYNs for which there was no room.
  public let segmentsDiscarded: Int
  /// Connections that carried no message when their place was needed.
  public let connectionsEvicted: Int
  /// Messages for clients that were thrown away because those before them had not left.
  public let messagesDropped: Int
}
