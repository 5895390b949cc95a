import RTCPrimitives

/// What the access links and the server's interface carried in the measured window, at the UDP/IP layer.
public struct LinkTraffic: Hashable, Sendable {
  /// Of all clients together.
  public let clientUplink: DataSize
  public let clientDownlink: DataSize
  /// `nil` without a server.
  public let serverIngress: DataSize?
  public let serverEgress: DataSize?

  init(_ reading: Reading) {
    func size(_ bytes: Int64) -> DataSize { .bytes(Int(bytes)) }
    clientUplink = size(reading.access.reduce(0) { $0 + $1.uplink.carriedBytes })
    clientDownlink = size(reading.access.reduce(0) { $0 + $1.downlink.carriedBytes })
    serverIngress = reading.nic.map { size($0.downlink.carriedBytes) }
    serverEgress = reading.nic.map { size($0.uplink.carriedBytes) }
  }
}
