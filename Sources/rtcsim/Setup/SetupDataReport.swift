import RTCPrimitives
import SimSessions

/// Round trips to data, without loss: one row for each way in which SCTP begins.
struct SetupDataReport {
  struct Row {
    let start: SetupRunner.DataStart
    let timeline: SetupRunner.Timeline
  }

  /// Empty where the profile lacks data.
  let rows: [Row]
  private let roundTripTime: Duration
  private let omission: String?

  /// What the rows rest on.
  private static let note =
    "from createOffer; SCTP begins when a side's own DTLS handshake is complete, the offerer sends DATA_CHANNEL_OPEN and the "
    + "first message as soon as it is connected (RFC 9260 §5.1, RFC 8832 §6)"

  init(_ conditions: SetupRunner.Conditions, seed: UInt64) {
    roundTripTime = conditions.roundTripTime
    omission = conditions.profile.lacksData
    var conditions = conditions
    conditions.loss = 0
    // Ten round trips are enough for every profile, and may be more than the limit.
    conditions.limit = max(conditions.limit, conditions.roundTripTime * 10)
    let starts = omission == nil ? SetupRunner.DataStart.allCases : []
    rows = starts.map { start in
      conditions.data = start
      return Row(start: start, timeline: SetupRunner.run(conditions, seed: seed))
    }
  }

  /// The array of rows, or `null`.
  var json: JSON {
    guard omission == nil else { return .null }
    return .array(
      rows.map { row in
        [
          "start": .string(row.start.key), "label": .string(row.start.label),
          "offererReadyRtts": JSON(roundTrips(row.offererReady), decimals: 6),
          "answererReadyRtts": JSON(roundTrips(row.answererReady), decimals: 6),
          "firstMessageRtts": JSON(roundTrips(row.firstMessage), decimals: 6),
        ]
      })
  }

  /// What the rows mean, or why there are none.
  var explanation: String { omission ?? Self.note }

  var text: String {
    guard omission == nil else { return "data: \(explanation).\n" }
    var table = Table([
      .left("data, without loss"), .left(""), .right("RTTs"), .right("ms"),
    ])
    for row in rows {
      let steps = [
        ("offerer ready to send", row.offererReady), ("answerer ready to send", row.answererReady),
        ("first message at the answerer", row.firstMessage),
      ]
      for (index, step) in steps.enumerated() {
        table.append([
          index == 0 ? row.start.label : "", step.0, roundTrips(step.1).map { fixed($0, 2) } ?? "–",
          step.1.map { fixed($0.milliseconds, 1) } ?? "–",
        ])
      }
    }
    return table.text()
  }

  private func roundTrips(_ time: Duration?) -> Double? {
    time.map { Double($0.nanoseconds) / Double(roundTripTime.nanoseconds) }
  }
}

extension SetupDataReport.Row {
  var offererReady: Duration? { timeline.offerer[.channelOpen] }
  var answererReady: Duration? { timeline.answerer[.associated] }
  var firstMessage: Duration? { timeline.answerer[.messageReceived] }
}

extension SetupRunner.DataStart {
  fileprivate var key: String {
    switch self {
    case .offererAlone: "offerer"
    case .simultaneous: "simultaneous"
    }
  }

  fileprivate var label: String {
    switch self {
    case .offererAlone: "the offerer alone starts SCTP"
    case .simultaneous: "both start SCTP, as browsers do"
    }
  }
}
