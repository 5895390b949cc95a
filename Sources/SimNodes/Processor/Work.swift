/// One piece of work that costs CPU time.
public enum Work: Hashable, Sendable {
  /// One picture, by its number of luma samples.
  case encodeVideo(pixels: Int)
  case decodeVideo(pixels: Int)
  /// One frame of 20 ms.
  case encodeAudio
  case decodeAudio
  /// SRTP over one packet, by the bytes of the RTP or RTCP packet without its tag.
  case protectPacket(bytes: Int)
  case unprotectPacket(bytes: Int)
  /// One datagram through the socket, by the bytes of its UDP payload.
  case receivePacket(bytes: Int)
  case sendPacket(bytes: Int)
  /// Choosing a receiver and rewriting the header of one RTP packet for it; also choosing one of a message of data.
  case forwardPacket
  /// One frame of 20 ms out of this many inputs.
  case mixAudio(inputs: Int)
  /// Copying scaled pictures into one of this many luma samples.
  case composeVideo(pixels: Int)
  /// Scaling one picture into one of this many luma samples.
  case scaleVideo(pixels: Int)
  /// One side's part of a whole DTLS handshake.
  case dtlsHandshake
  /// One side's part of a connectivity check: a STUN request or response with its integrity.
  case iceCheck

  /// What it is counted as.
  @inlinable public var category: WorkCategory {
    switch self {
    case .encodeVideo: .videoEncode
    case .decodeVideo: .videoDecode
    case .encodeAudio: .audioEncode
    case .decodeAudio: .audioDecode
    case .protectPacket, .unprotectPacket: .srtp
    case .receivePacket, .sendPacket: .network
    case .forwardPacket: .forward
    case .mixAudio: .audioMix
    case .composeVideo, .scaleVideo: .videoCompose
    case .dtlsHandshake, .iceCheck: .handshake
    }
  }
}

/// What CPU time is counted as; the raw values are the names in outputs.
public enum WorkCategory: String, Hashable, Sendable, CaseIterable {
  case videoEncode, videoDecode, audioEncode, audioDecode, srtp, network, forward, audioMix, videoCompose, handshake

  /// Its place among all categories.
  @inlinable public var index: Int {
    switch self {
    case .videoEncode: 0
    case .videoDecode: 1
    case .audioEncode: 2
    case .audioDecode: 3
    case .srtp: 4
    case .network: 5
    case .forward: 6
    case .audioMix: 7
    case .videoCompose: 8
    case .handshake: 9
    }
  }
}
