import RTCSession
import RTCWire
import SimNodes
import SimSessions

/// What both ends look like at this moment.
extension StepSession {
  func connectivity(_ words: [String]) throws -> String {
    try forEachConnection(words, "ice [a|b]") { node, connection in
      var candidates = Table([
        .left("candidates"), .left("kind"), .left("address"), .left("related"), .right("priority"),
      ])
      for (side, list) in [("own", connection.localCandidates), ("remote", connection.remoteCandidates)] {
        for candidate in list {
          candidates.append([
            side, candidate.kind, candidate.address, candidate.relatedAddress ?? "", "\(candidate.priority)",
          ])
        }
      }
      var pairs = Table([
        .left("pair"), .left("local"), .left("remote"), .left("state"), .left(""), .right("RTT ms"),
        .right("checks\nsent/heard"),
      ])
      for pair in connection.pairs {
        let mark = pair.isSelected ? "selected" : pair.isNominated ? "nominated" : ""
        pairs.append([
          pair.id, pair.local, pair.remote, pair.state, mark, pair.roundTripTimeMs.map { fixed($0, 1) } ?? "",
          "\(pair.requestsSent)/\(pair.requestsReceived)",
        ])
      }
      return "\(node): ICE \(connection.iceConnectionState), gathering \(connection.iceGatheringState), "
        + "\(connection.iceRole)\n" + candidates.text(indent: 2) + pairs.text(indent: 2)
    }
  }

  func security(_ words: [String]) throws -> String {
    try forEachConnection(words, "dtls [a|b]") { node, connection in
      let dtls = connection.dtls
      var table = Table([.left("DTLS"), .left(connection.dtlsState)])
      table.append(["role", dtls.role ?? "not known yet"])
      table.append(["last flight sent", dtls.lastFlightSent ?? "–"])
      table.append(["last flight received", dtls.lastFlightReceived ?? "–"])
      table.append(["flights repeated", "\(dtls.flightsRepeated)"])
      table.append(["own fingerprint", dtls.localFingerprint])
      table.append(["announced fingerprint", dtls.remoteFingerprint ?? "–"])
      table.append(["cipher suite", dtls.cipherSuite ?? "–"])
      table.append(["SRTP profile", connection.srtp?.profile ?? "–"])
      table.append(["key to send, hashed", connection.srtp?.sendKey ?? "–"])
      table.append(["key to receive, hashed", connection.srtp?.receiveKey ?? "–"])
      return "\(node)\n" + table.text(indent: 2)
    }
  }

  func statistics(_ words: [String]) throws -> String {
    try forEachConnection(words, "stats [a|b]") { node, connection in
      var lines = Table([
        .left("mid"), .left("kind"), .left("wants"), .left("negotiated"), .right("sends SSRC"), .right("receives SSRC"),
      ])
      for transceiver in connection.transceivers {
        lines.append([
          transceiver.mid ?? "–", transceiver.kind + (transceiver.isMuted ? " (muted)" : ""), transceiver.direction,
          transceiver.currentDirection ?? "–", transceiver.sendSSRC.map { "\($0)" } ?? "–",
          transceiver.receiveSSRC.map { "\($0)" } ?? "–",
        ])
      }
      var streams = Table([
        .left("stream"), .left("kind"), .right("packets"), .right("bytes"), .right("frames"), .right("lost"),
        .right("jitter ms"), .right("RTT ms"),
      ])
      for stream in connection.outbound {
        streams.append([
          "outbound-rtp", stream.kind, "\(stream.packetsSent)", "\(stream.bytesSent)",
          stream.framesSent.map { "\($0)" } ?? "", "", "",
          stream.roundTripTimeMs.map { fixed($0, 1) } ?? "",
        ])
      }
      for stream in connection.inbound {
        streams.append([
          "inbound-rtp", stream.kind, "\(stream.packetsReceived)", "\(stream.bytesReceived)",
          stream.framesDecoded.map { "\($0)" } ?? "", "\(stream.packetsLost)", fixed(stream.jitterMs, 2), "",
        ])
      }
      return "\(node)\n" + lines.text(indent: 2) + streams.text(indent: 2) + congestion(connection)
    }
  }

  /// `  congestion control gcc: 1420.3 kbit/s allowed, …`; empty without it.
  private func congestion(_ connection: ConnectionSnapshot) -> String {
    guard let control = connection.congestion else { return "" }
    return
      "  congestion control \(control.controller): \(fixed(Double(control.availableOutgoingBitrate) / 1000, 1)) kbit/s "
      + "may be sent, headers included; \(fixed(100 * control.loss, 1)) % lost; \(control.packetsSent) packets numbered, "
      + "\(control.feedbackReceived) transport-wide feedbacks\n"
  }

  func data(_ words: [String]) throws -> String {
    try forEachConnection(words, "data [a|b]") { node, connection in
      guard connection.sctp != nil || !connection.dataChannels.isEmpty else { return "\(node): no data channels\n" }
      var channels = Table([
        .left("channel"), .left("id"), .left("state"), .left("order"), .left("sent again"), .right("buffered\nbytes"),
        .right("messages\nsent"), .right("bytes\nsent"), .right("messages\nreceived"), .right("bytes\nreceived"),
      ])
      for channel in connection.dataChannels {
        let times = channel.maxRetransmits.map { "at most \($0)×" }
        let limit = times ?? channel.maxPacketLifeTimeMs.map { "for \(fixed($0, 0)) ms" }
        channels.append([
          channel.label, channel.id.map { "\($0)" } ?? "–", channel.state, channel.isOrdered ? "ordered" : "unordered",
          limit ?? "until it arrives", "\(channel.bufferedAmount)", "\(channel.messagesSent)", "\(channel.bytesSent)",
          "\(channel.messagesReceived)", "\(channel.bytesReceived)",
        ])
      }
      let sctp = connection.sctp
      return "\(node): SCTP \(sctp?.state ?? "not agreed on yet")"
        + (sctp.map { ", ports \($0.localPort) and \($0.remotePort), messages up to \($0.maxMessageSize) bytes" } ?? "")
        + (sctp?.maxChannels.map { ", \($0) streams" } ?? "") + "\n" + channels.text(indent: 2)
    }
  }

  func snapshot(_ words: [String]) throws -> String {
    try ends(words, "snapshot [a|b]").map { end in
      SnapshotFields.lines(of: end).map { "\(end.node).\($0)\n" }.joined()
    }.joined()
  }

  /// Asks `body` of each end that has a connection.
  private func forEachConnection(
    _ words: [String], _ usage: String, _ body: (String, ConnectionSnapshot) -> String
  ) throws -> String {
    try ends(words, usage).map { end in
      guard let connection = end.connections.last else { return "\(end.node): no RTCPeerConnection yet\n" }
      return body(end.node, connection)
    }.joined(separator: "\n")
  }

  /// The ends that a letter means; both without one.
  private func ends(_ words: [String], _ usage: String) throws -> [EndSnapshot] {
    guard let word = words.first else { return moment.ends }
    guard words.count == 1, let index = ["a", "b"].firstIndex(of: word) else {
      throw StepError.usage(usage, found: words.joined(separator: " "))
    }
    return [moment.ends[index]]
  }
}
