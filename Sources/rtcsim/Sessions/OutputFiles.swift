import Foundation
import RTCMedia
import RTCPrimitives
import RTCSession
import SimNodes
import SimSessions

/// The files that `run` writes, each whole or not at all.
struct OutputFiles: ~Copyable {
  private let stats: AtomicFile?
  private let keys: AtomicFile?
  private let ladder: AtomicFile?
  private let pcapFolder: String?

  /// Opens the files.
  ///
  /// - Throws: `FileError` for a path that cannot be written.
  static func open(stats: String?, keys: String?, ladder: String?, pcapFolder: String?) throws -> OutputFiles {
    if let pcapFolder { try prepareFolder(pcapFolder, for: "--pcap") }
    return OutputFiles(
      stats: try stats.map { try AtomicFile(path: $0) }, keys: try keys.map { try AtomicFile(path: $0) },
      ladder: try ladder.map { try AtomicFile(path: $0) }, pcapFolder: pcapFolder)
  }

  /// Makes a folder that an option names, unless it is there.
  static func prepareFolder(_ folder: String, for option: String) throws {
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var isFolder = ObjCBool(false)
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue,
      FileManager.default.isWritableFile(atPath: folder)
    else {
      throw CommandLineError.badValue(
        name: option, found: folder, allowed: "a folder that can be written", nearest: nil)
    }
  }

  consuming func write(_ result: SessionResult) throws {
    if let ladder { try Self.commit(ladder, Ladder(result.milestones).mermaid) }
    if let keys { try Self.commit(keys, Self.keyList(result)) }
    if let stats { try Self.commit(stats, Self.statistics(result).text() + "\n") }
    for (name, capture) in result.captures {
      guard let pcapFolder else { break }
      let file = pcapFolder + "/" + name.replacing("/", with: "-") + ".pcapng"
      try Self.commit(AtomicFile(path: file), capture.bytes)
    }
  }

  private static func commit(_ file: consuming AtomicFile, _ text: String) throws {
    try commit(file, Array(text.utf8))
  }

  private static func commit(_ file: consuming AtomicFile, _ bytes: [UInt8]) throws {
    try file.append(bytes)
    try file.commit()
  }

  /// One line per connection and direction: node, peer, direction, profile, master key and salt, SSRCs.
  private static func keyList(_ result: SessionResult) -> String {
    var text = "# node peer direction profile master-key master-salt ssrcs\n"
    for connection in all(result) where connection.profile != nil {
      for (direction, key, sources) in [
        ("send", connection.localKey, connection.outbound.map(\.ssrc)),
        ("receive", connection.remoteKey, connection.inbound.map(\.ssrc)),
      ] {
        let list = sources.map { String($0, radix: 16) }.joined(separator: ",")
        text += "\(connection.node) \(connection.peer) \(direction) \(connection.profile ?? "") "
        text += "\(hexadecimal(key.prefix(16))) \(hexadecimal(key.dropFirst(16))) \(list.isEmpty ? "-" : list)\n"
      }
    }
    return text
  }

  private static func all(_ result: SessionResult) -> [ConnectionSummary] {
    result.clients.flatMap(\.connections) + (result.server?.connections ?? [])
  }

  private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
    bytes.map { String(format: "%02x", $0) }.joined()
  }

  /// Statistics under their W3C webrtc-stats names; times in seconds, sizes in bytes of RTP payload.
  private static func statistics(_ result: SessionResult) -> JSON {
    .array(
      all(result).map { connection in
        var object: JSON = [
          "node": JSON(connection.node), "peer": JSON(connection.peer),
          "readyMs": JSON(connection.readyAt?.milliseconds, decimals: 3),
          "localCandidateType": JSON(connection.localCandidate),
          "remoteCandidateType": JSON(connection.remoteCandidate), "srtpCipher": JSON(connection.profile),
          "dataChannelsOpened": JSON(connection.dataChannelsOpened),
          "dataChannelsClosed": JSON(connection.dataChannelsClosed),
          "outbound-rtp": .array(connection.outbound.map { outbound($0, connection.encodings[$0.ssrc]) }),
          "inbound-rtp": .array(connection.inbound.map(inbound)),
        ]
        if let available = connection.availableOutgoingBitrate {
          object.append("candidate-pair", ["availableOutgoingBitrate": JSON(Int(available.bitsPerSecond))])
        }
        return object
      })
  }

  /// - Parameter encoding: of a stream that follows congestion control.
  private static func outbound(_ stream: OutboundStreamStatistics, _ encoding: EncodingStatistics?) -> JSON {
    var object: JSON = [
      "ssrc": JSON(stream.ssrc), "kind": JSON(stream.kind.rawValue), "packetsSent": JSON(stream.packetsSent),
      "bytesSent": JSON(stream.bytesSent), "headerBytesSent": JSON(stream.headerBytesSent),
      "retransmittedPacketsSent": JSON(stream.retransmittedPacketsSent),
      "retransmittedBytesSent": JSON(stream.retransmittedBytesSent),
      "sim.paddingBytesSent": JSON(stream.paddingBytesSent), "nackCount": JSON(stream.nackCount),
      "remote-inbound-rtp": [
        "packetsLost": JSON(stream.remotePacketsLost), "fractionLost": JSON(stream.fractionLost, decimals: 4),
        "roundTripTime": JSON(stream.roundTripTime?.inSeconds, decimals: 6),
      ],
    ]
    guard stream.kind == .video else { return object }
    object.append("framesSent", JSON(stream.framesSent))
    object.append("keyFramesEncoded", JSON(stream.keyFramesEncoded))
    object.append("pliCount", JSON(stream.pliCount))
    object.append("firCount", JSON(stream.firCount))
    if let rid = stream.rid { object.append("rid", JSON(rid)) }
    guard let encoding else { return object }
    object.append("active", .boolean(encoding.isActive))
    object.append("targetBitrate", JSON(Int(encoding.targetBitrate.bitsPerSecond)))
    object.append("frameWidth", JSON(encoding.frameWidth))
    object.append("frameHeight", JSON(encoding.frameHeight))
    object.append("qualityLimitationReason", JSON(encoding.qualityLimitationReason.rawValue))
    var durations: JSON = [:]
    for reason in QualityLimitation.Reason.allCases {
      let seconds = encoding.qualityLimitationDurations[reason]?.inSeconds
      durations.append(reason.rawValue, JSON(seconds, decimals: 3))
    }
    object.append("qualityLimitationDurations", durations)
    object.append("sim.isPaused", .boolean(encoding.isPaused))
    return object
  }

  private static func inbound(_ stream: InboundStreamStatistics) -> JSON {
    var object: JSON = [
      "ssrc": JSON(stream.ssrc), "kind": JSON(stream.kind.rawValue), "packetsReceived": JSON(stream.packetsReceived),
      "bytesReceived": JSON(stream.bytesReceived), "packetsLost": JSON(stream.packetsLost),
      "retransmittedPacketsReceived": JSON(stream.retransmittedPacketsReceived),
      "jitter": JSON(stream.jitter.inSeconds, decimals: 6), "nackCount": JSON(stream.nackCount),
      "sim.packetsLostBeforeRepair": JSON(stream.packetsLostBeforeRepair),
      "jitterBufferDelay": JSON(stream.jitterBufferDelay.inSeconds, decimals: 3),
      "jitterBufferTargetDelay": JSON(stream.jitterBufferTargetDelay.inSeconds, decimals: 3),
      "jitterBufferEmittedCount": JSON(stream.jitterBufferEmittedCount),
    ]
    switch stream.kind {
    case .video:
      object.append("pliCount", JSON(stream.pliCount))
      object.append("framesReceived", JSON(stream.framesReceived))
      object.append("framesDecoded", JSON(stream.framesDecoded))
      object.append("keyFramesDecoded", JSON(stream.keyFramesDecoded))
      object.append("framesDropped", JSON(stream.framesDropped))
      object.append("freezeCount", JSON(stream.freezeCount))
      object.append("totalFreezesDuration", JSON(stream.totalFreezesDuration.inSeconds, decimals: 3))
    case .audio:
      let playout = stream.playout
      object.append("jitterBufferMinimumDelay", JSON(playout.jitterBufferMinimumDelay.inSeconds, decimals: 3))
      object.append("totalSamplesReceived", JSON(stream.totalSamplesReceived))
      object.append("concealedSamples", JSON(stream.concealedSamples))
      object.append("silentConcealedSamples", JSON(playout.silentConcealedSamples))
      object.append("concealmentEvents", JSON(playout.concealmentEvents))
      object.append("insertedSamplesForDeceleration", JSON(playout.insertedSamplesForDeceleration))
      object.append("removedSamplesForAcceleration", JSON(playout.removedSamplesForAcceleration))
      object.append("sim.comfortNoiseSamples", JSON(playout.comfortNoiseSamples))
      object.append("packetsDiscarded", JSON(playout.packetsDiscarded))
    }
    return object
  }
}
