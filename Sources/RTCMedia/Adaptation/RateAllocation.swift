public import RTCPrimitives

/// What of a rate, all headers included, an encoder may use.
public enum RateAllocation {
  /// The rate of an encoder whose frames are cut into packets.
  ///
  /// The number of packets of a frame is rounded up, as libwebrtc's `CalculateOverheadRate` does.
  /// - Parameters:
  ///   - total: what may be sent, all headers included.
  ///   - packet: the most payload of a packet.
  ///   - overhead: what each packet has in front of it and behind it, down to IP.
  public static func payload(
    of total: DataRate, framesPerSecond: Int, packet: DataSize, overhead: DataSize
  ) -> DataRate {
    let bytesPerFrame = Double(total.bitsPerSecond) / 8 / Double(framesPerSecond)
    let packets = max(1, (bytesPerFrame / Double(packet.bytes + overhead.bytes)).rounded(.up))
    let headers = Int64(packets * Double(overhead.bits * framesPerSecond))
    // Half is left where headers would take nearly everything.
    return .bitsPerSecond(max(total.bitsPerSecond - headers, total.bitsPerSecond / 2))
  }

  /// What has to be allowed for an encoder with `payload`.
  public static func total(
    of payload: DataRate, framesPerSecond: Int, packet: DataSize, overhead: DataSize
  ) -> DataRate {
    let bytesPerFrame = Double(payload.bitsPerSecond) / 8 / Double(framesPerSecond)
    let packets = max(1, (bytesPerFrame / Double(packet.bytes)).rounded(.up))
    return .bitsPerSecond(payload.bitsPerSecond + Int64(packets * Double(overhead.bits * framesPerSecond)))
  }
}
