import Foundation
import RTCMedia
import RTCPrimitives
import RTCSession
import RTCWire

/// What `rtcsim peer` tells: a line per call and second to whoever watches, and a summary of each call.
final class PeerReport {
  private struct Totals {
    var sent = 0
    var received = 0
    var framesSent = 0
    var framesDecoded = 0
  }

  private let isWatched: Bool
  /// What there was when a call was told of last.
  private var earlier: [Int: (time: Instant, totals: Totals)] = [:]

  init(isWatched: Bool = Terminal.isWatched) { self.isWatched = isWatched }

  func note(_ line: String) { Terminal.writeError("rtcsim peer: \(line.printable)\n") }

  /// What happened in a call since it was told of last.
  func progress(of call: PeerCall, at now: Instant) {
    guard isWatched, call.isReady else { return }
    let totals = Self.totals(of: call, at: now)
    defer { earlier[call.number] = (now, totals) }
    guard let (time, before) = earlier[call.number] else { return }
    let seconds = (now - time).inSeconds
    func rate(_ bytes: Int) -> String { Self.decimals(Double(bytes) * 8 / seconds / 1e6, 2) }
    func frames(_ count: Int) -> String { Self.decimals(Double(count) / seconds, 1) }
    var line = "call \(call.number)  sent \(rate(totals.sent - before.sent)) Mbit/s (RTP payload), "
    line += "\(frames(totals.framesSent - before.framesSent)) pictures/s  received "
    line += "\(rate(totals.received - before.received)) Mbit/s, "
    line += "\(frames(totals.framesDecoded - before.framesDecoded)) pictures/s"
    line += Self.pictures(of: call)
    if let allowed = call.allowedRate {
      line += "  allowed \(Self.decimals(Double(allowed.bitsPerSecond) / 1e6, 2)) Mbit/s"
    }
    if let encoding = call.encoding(at: now), encoding.qualityLimitationReason != .none {
      let size = "\(encoding.frameWidth)×\(encoding.frameHeight)"
      line += encoding.isPaused ? ", pictures paused" : ", pictures of \(size)"
    }
    line += "  lost \(call.packetsLost(at: now))"
    if let time = call.connection.core.transport.ice.roundTripTime {
      line += "  RTT \(Self.decimals(time.milliseconds, 2)) ms"
    }
    if let mean = call.meanPSNR { line += "  PSNR \(Self.decimals(mean, 1)) dB" }
    Terminal.writeError(line + "\n")
  }

  /// A call is over.
  func ended(_ call: PeerCall, _ reason: String, at now: Instant) {
    earlier[call.number] = nil
    guard let connected = call.connectedAt else {
      Terminal.write("call \(call.number): never connected; \(reason.printable)\n")
      return
    }
    let totals = Self.totals(of: call, at: now)
    var line = "call \(call.number): \(Self.decimals((now - connected).inSeconds, 1)) s; sent \(totals.framesSent) "
    line += "pictures; decoded \(totals.framesDecoded) pictures"
    line += Self.pictures(of: call)
    line += " and \(call.soundsDecoded) packets of sound; \(call.packetsLost(at: now)) packets lost; "
    line += "\(call.decodingErrors) decoding errors"
    if let error = call.tracks.compactMap(\.lastDecodingError).first { line += " (the last one: \(error))" }
    if let mean = call.meanPSNR { line += "; PSNR \(Self.decimals(mean, 1)) dB" }
    if let allowed = call.allowedRate {
      line += "; allowed at the end \(Self.decimals(Double(allowed.bitsPerSecond) / 1e6, 2)) Mbit/s"
    }
    Terminal.write("\(line); \(reason.printable)\n")
  }

  /// The size of the pictures that come, and of several encodings which of them they are and how many.
  private static func pictures(of call: PeerCall) -> String {
    let tracks = call.tracks.sorted { $0.receiver.place.encoding < $1.receiver.place.encoding }
    let layers = tracks.compactMap { track -> String? in
      guard let rid = track.rid, let picture = track.picture else { return nil }
      return "\(picture.width)×\(picture.height) (\(rid.printable): \(track.framesDecoded))"
    }
    if !layers.isEmpty { return " of \(layers.joined(separator: ", "))" }
    return call.pictures.first.map { " of \($0.width)×\($0.height)" } ?? ""
  }

  private static func totals(of call: PeerCall, at now: Instant) -> Totals {
    var totals = Totals()
    for transceiver in call.connection.core.transceivers {
      totals.sent += transceiver.sender?.statistics.bytesSent ?? 0
      for case let receiver? in transceiver.receivers { totals.received += receiver.statistics(at: now).bytesReceived }
      if transceiver.kind == .video { totals.framesSent += transceiver.sender?.statistics.framesSent ?? 0 }
    }
    totals.framesDecoded = call.picturesDecoded
    return totals
  }

  private static func decimals(_ value: Double, _ count: Int) -> String { String(format: "%.\(count)f", value) }
}

/// The figures of a call.
extension PeerCall {
  /// The last picture of each video.
  var pictures: [VideoFrame] { tracks.compactMap(\.picture) }
  var picturesDecoded: Int { decoded(.video) }
  var soundsDecoded: Int { decoded(.audio) }
  var decodingErrors: Int { tracks.reduce(0) { $0 + $1.decodingErrors } }
  /// Of the first video.
  var meanPSNR: Double? { tracks.compactMap { $0.matcher?.meanPSNR }.first }

  func packetsLost(at now: Instant) -> Int {
    tracks.reduce(0) { $0 + $1.receiver.statistics(at: now).packetsLost }
  }

  private func decoded(_ kind: MediaKind) -> Int {
    tracks.reduce(0) { $1.kind == kind ? $0 + $1.framesDecoded : $0 }
  }
}
