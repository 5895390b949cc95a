import RTCTransport
import SimNodes

/// What work costs on one machine: the figures of a file in `Models/Costs`, which `rtcsim bench --costs` writes.
public struct CostFile: Hashable, Sendable {
  /// The file's name without its ending.
  public var name: String
  /// The machine that was measured, for a reader.
  public var machine: String
  /// How the figures were found, for a reader.
  public var source: String
  /// By the name of the codec; one picture and each pixel.
  public var videoEncode: [String: LinearCost] = [:]
  public var videoDecode: [String: LinearCost] = [:]
  /// By the name of the codec; one frame of 20 ms.
  public var audioEncode: [String: LinearCost] = [:]
  public var audioDecode: [String: LinearCost] = [:]
  /// By the name of the profile; one packet and each byte of it without its tag.
  public var srtpProtect: [String: LinearCost] = [:]
  public var srtpUnprotect: [String: LinearCost] = [:]
  /// One datagram and each byte of its UDP payload.
  public var networkSend = LinearCost()
  public var networkReceive = LinearCost()
  /// One packet for one receiver.
  public var forward = LinearCost()
  /// One frame of 20 ms and each input.
  public var audioMix = LinearCost()
  /// One picture and each pixel.
  public var videoCompose = LinearCost()
  public var videoScale = LinearCost()
  /// One side of a handshake.
  public var dtlsHandshake = LinearCost()
  /// One side of a connectivity check.
  public var iceCheck = LinearCost()

  /// Figures that are filled in afterwards; all are zero.
  public init(name: String, machine: String, source: String) {
    self.name = name
    self.machine = machine
    self.source = source
  }

  /// The costs of work with these codecs and this profile; `nil` codecs are not used.
  ///
  /// - Precondition: the file has figures of them, which a scenario makes sure of.
  public func costs(video: String?, audio: String?, srtp: SRTPProfile) -> MeasuredCosts {
    var costs = MeasuredCosts()
    if let video {
      costs.encodeVideo = Self.figure(videoEncode[video])
      costs.decodeVideo = Self.figure(videoDecode[video])
    }
    if let audio {
      costs.encodeAudio = Self.figure(audioEncode[audio]).fixedNanoseconds
      costs.decodeAudio = Self.figure(audioDecode[audio]).fixedNanoseconds
    }
    costs.protectPacket = Self.figure(srtpProtect[srtp.scenarioName])
    costs.unprotectPacket = Self.figure(srtpUnprotect[srtp.scenarioName])
    costs.sendPacket = networkSend
    costs.receivePacket = networkReceive
    costs.forwardPacket = forward.fixedNanoseconds
    costs.mixAudio = audioMix
    costs.composeVideo = videoCompose
    costs.scaleVideo = videoScale
    costs.dtlsHandshake = dtlsHandshake.fixedNanoseconds
    costs.iceCheck = iceCheck.fixedNanoseconds
    return costs
  }

  /// The figures that these codecs and profiles need and the file does not have.
  func missing(video: String?, audio: String?, srtp: [SRTPProfile]) -> String? {
    if let video, videoEncode[video] == nil || videoDecode[video] == nil {
      return "videoEncode and videoDecode of \(video)"
    }
    if let audio, audioEncode[audio] == nil || audioDecode[audio] == nil {
      return "audioEncode and audioDecode of \(audio)"
    }
    let profile = srtp.map(\.scenarioName).first { srtpProtect[$0] == nil || srtpUnprotect[$0] == nil }
    return profile.map { "srtpProtect and srtpUnprotect of \($0)" }
  }

  private static func figure(_ cost: LinearCost?) -> LinearCost {
    guard let cost else { preconditionFailure("a scenario only uses what its cost file has figures of") }
    return cost
  }
}

extension SRTPProfile {
  /// The name in scenarios and cost files.
  package var scenarioName: String {
    switch self {
    case .aes128CMHMACSHA1_80: "AES_CM_128_HMAC_SHA1_80"
    case .aeadAES128GCM: "AEAD_AES_128_GCM"
    }
  }
}
