import Foundation
import Testing

/// What `run` tells of a call through a unit that selects.
struct SelectionCommandTests {
  /// Runs a call of two with cameras of 720p; gives what is printed, and the statistics.
  private func call() throws -> (text: String, connections: [[String: Any]]) {
    let folder = FileManager.default.temporaryDirectory.appending(path: "rtcsim-selection-\(getpid())")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let (scenario, stats) = (folder.appending(path: "call.json5"), folder.appending(path: "stats.json"))
    let text = """
      { topology: 'sfu', participants: 2, duration: '8s', congestionControl: 'gcc',
        video: { width: 1280, height: 720, bitrate: '2500k' } }
      """
    try Data(text.utf8).write(to: scenario)
    let run = try Program.run(["run", scenario.path, "--fidelity", "model", "--stats", stats.path])
    #expect(run.status == 0, "\(run.error)")
    let json = try JSONSerialization.jsonObject(with: Data(contentsOf: stats))
    return (run.output, try #require(json as? [[String: Any]]))
  }

  @Test func `statistics have the names of webrtc-stats, and no row has what does not exist for its kind`() throws {
    let (text, connections) = try call()
    #expect(text.contains("6 video streams at the end") && text.contains("4 that nobody sees"), "\(text)")
    #expect(!text.contains("sound alone"))
    // Members that MUST NOT exist for audio, and those that MUST NOT exist for video.
    let ofVideo = [
      "framesSent", "keyFramesEncoded", "pliCount", "firCount", "rid", "active", "frameWidth", "frameHeight",
      "qualityLimitationReason", "framesReceived", "framesDecoded", "keyFramesDecoded", "framesDropped",
      "freezeCount", "totalFreezesDuration",
    ]
    let ofAudio = ["concealedSamples", "totalSamplesReceived", "silentConcealedSamples", "concealmentEvents"]
    var seen: [String: Set<String>] = [:]
    for connection in connections {
      for direction in ["outbound-rtp", "inbound-rtp"] {
        for row in try #require(connection[direction] as? [[String: Any]]) {
          seen[try #require(row["kind"] as? String), default: []].formUnion(row.keys)
        }
      }
    }
    let (video, audio) = (try #require(seen["video"]), try #require(seen["audio"]))
    #expect(video.isSuperset(of: ofVideo) && video.isDisjoint(with: ofAudio))
    #expect(audio.isSuperset(of: ofAudio) && audio.isDisjoint(with: ofVideo))
    #expect(video.contains("sim.paddingBytesSent") && !video.contains("paddingBytesSent"))
    // Round trips and losses are what the far end says.
    #expect(video.contains("remote-inbound-rtp") && video.isDisjoint(with: ["roundTripTime", "fractionLost"]))
  }

  @Test(arguments: [
    ["run", "meeting", "--topology", "mesh", "--congestion-control", "gcc", "--last-n", "3"],
    ["explain", "meeting", "--topology", "mcu", "--congestion-control", "gcc", "--simulcast", "on"],
    ["compare", "meeting", "--topologies", "mesh,mcu", "--congestion-control", "gcc", "--last-n", "3"],
    ["run", "meeting", "--topology", "sfu", "--last-n", "3"],
  ])
  func `what would change nothing is refused`(_ arguments: [String]) throws {
    let run = try Program.run(arguments)
    #expect(run.status == 2 && run.output.isEmpty)
    #expect(run.error.contains("--topology sfu") || run.error.contains("--congestion-control gcc"), "\(run.error)")
  }
}
