import SimSessions

/// Our steps beside the recorded ones.
struct RecordedSetupReport {
  let rows: [RecordedSetups.Row]

  var isWithin: Bool { rows.allSatisfy(\.isWithin) }

  private static let basis =
    "Chromium speaks DTLS 1.3 to itself: its flights are modelled here, and ICE is real. Two things were fitted: what the "
    + "programs take, to mode host at RTT 0; and how late timers of checks fire, "
    + "\(SetupProfile.recordedLateness.quantity), to the recordings behind filters at RTT 0. Mode host has host candidates "
    + "only; in mode stunturn candidates of a STUN and a TURN server on a third host trickle. Mode data_host has a data channel "
    + "in place of media, for which both begin SCTP: of it only what follows the offerer's handshake is compared, because "
    + "descriptions without media take less time than those that were fitted to. The profile is "
    + "\(SetupProfile.recordedChromium.name)."

  var text: String {
    var table = Table([
      .left("mode"), .right("RTT\nms"), .left("step"), .right("ours\nms"), .right("recorded\nmedian"), .right("from"),
      .right("to"), .left(""),
    ])
    for row in rows {
      table.append([
        row.mode, "\(row.roundTripTimeMs)", row.step, row.ourMs.map { fixed($0, 1) } ?? "–",
        fixed(row.recordedMedianMs, 1),
        fixed(row.lowestMs, 1), fixed(row.highestMs, 1), row.isWithin ? "" : "outside",
      ])
    }
    let outside = rows.count { !$0.isWithin }
    return table.text()
      + "\n\(rows.count - outside) of \(rows.count) steps within the recorded range, widened by 10 % or 15 ms.\n"
      + "basis: modelled. \(Self.basis)\n"
  }

  var json: JSON {
    [
      "rows": .array(
        rows.map {
          [
            "mode": .string($0.mode), "rttMs": JSON($0.roundTripTimeMs), "step": .string($0.step),
            "ourMs": JSON($0.ourMs, decimals: 3), "recordedMedianMs": JSON($0.recordedMedianMs, decimals: 3),
            "fromMs": JSON($0.lowestMs, decimals: 3), "toMs": JSON($0.highestMs, decimals: 3),
            "within": .boolean($0.isWithin),
          ]
        }), "basis": "modelled", "note": .string(Self.basis),
    ]
  }
}
