import Foundation
import TestSupport
import Testing

/// `compare` and `run` as processes.
struct SessionCommandTests {
  private func json(_ arguments: [String]) throws -> [String: Any] {
    let result = try Program.run(arguments + ["--format", "json"])
    #expect(result.status == 0, "\(result.error)")
    return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
  }

  private func hashes(_ comparison: [String: Any]) throws -> [String] {
    try #require(comparison["cells"] as? [[String: Any]]).compactMap { $0["traceHash"] as? String }
  }

  @Test func `a comparison has a cell for each topology and number, and the same hashes with one job and two`() throws {
    let arguments = ["compare", "--participants", "2,3", "--duration", "6s", "--fidelity", "model"]
    let comparison = try json(arguments + ["--jobs", "2"])
    let cells = try #require(comparison["cells"] as? [[String: Any]])
    #expect(cells.compactMap { $0["topology"] as? String } == ["mesh", "mesh", "sfu", "sfu", "mcu", "mcu"])
    #expect(cells.compactMap { $0["participants"] as? Int } == [2, 3, 2, 3, 2, 3])
    #expect(cells.allSatisfy { $0["connectionsFailed"] as? Int == 0 && $0["firstLimit"] as? String == "none" })
    let verdicts = try #require(comparison["verdicts"] as? [[String: Any]])
    #expect(verdicts.compactMap { $0["heldUpTo"] as? Int } == [3, 3, 3])
    #expect(try hashes(comparison) == hashes(json(arguments + ["--jobs", "1"])))
    #expect(Set(try hashes(comparison)).count == 6)
  }

  @Test func `a room of players can be compared, and tells what went on data channels and links`() throws {
    let arguments = ["compare", "game-room", "--participants", "3", "--duration", "6s"]
    let comparison = try json(arguments)
    let cells = try #require(comparison["cells"] as? [[String: Any]])
    #expect(cells.compactMap { $0["topology"] as? String } == ["mesh", "sfu", "mcu"])
    for cell in cells {
      #expect(cell["lossPercent"] is NSNull && cell["firstLimit"] as? String == "none")
      let totals = try #require(cell["dataTotals"] as? [[String: Any]])
      #expect(totals.compactMap { $0["data-channel.label"] as? String } == ["chat", "game"])
      #expect(totals.allSatisfy { $0["sim.data.messagesLost"] as? Int == 0 })
      let bytes = try #require(cell["bytes"] as? [String: Any])
      #expect(bytes["clientUplink"] as? Int ?? 0 > 0)
      #expect((bytes["serverEgress"] as? Int == nil) == (cell["topology"] as? String == "mesh"))
      #expect((cell["dataForwarding"] is NSNull) == (cell["topology"] as? String == "mesh"))
    }
    let text = try Program.run(arguments + ["--topologies", "sfu"]).output
    #expect(text.contains("data channel") && text.contains("sfu: held up to 3 participants"))
    let run = try Program.run(["run", "game-room", "--duration", "6s"]).output
    #expect(run.contains("server: ") && run.contains("bytes of IP packets: clients up"))
  }

  @Test func `a run in trouble says why, as text and as JSON, and one without says nothing`() throws {
    let trouble = try json(["run", "trouble/no-common-codec"])
    let sentences = try #require(trouble["diagnosis"] as? [String])
    #expect(sentences.first == "The two never get connected." && sentences.count == 3)
    let text = try Program.run(["run", "trouble/no-common-codec"]).output
    #expect(text.contains("What went wrong\n" + sentences.joined(separator: "\n")))
    #expect(try json(["run", "two-peers", "--duration", "6s"])["diagnosis"] as? [String] == [])
  }

  @Test func `what STUN and TURN servers did and refused is in the JSON, and in the text where it is not nothing`()
    throws
  {
    let relayed = try json(["run", "two-peers-turn", "--duration", "6s"])
    let turn = try #require(relayed["turn"] as? [String: Any])
    let servers = try #require(turn["servers"] as? [[String: Any]])
    #expect(servers.map { $0["name"] as? String } == ["turn"])
    // An Allocate without credentials from each of two clients.
    #expect(servers[0]["sim.turn.challenged"] as? Int == 2 && servers[0]["sim.turn.refused"] as? Int == 0)
    #expect(turn["sim.turn.messagesDroppedByClients"] as? Int == 0)
    #expect((relayed["stun"] as? [String: Any])?["sim.stun.answered"] as? Int ?? 0 >= 2)
    let wrong = try json(["run", "trouble/wrong-turn-password"])
    let refused =
      ((wrong["turn"] as? [String: Any])?["servers"] as? [[String: Any]])?[0]["sim.turn.refused"] as? Int ?? 0
    #expect(refused > 0)
    #expect(
      try Program.run(["run", "trouble/wrong-turn-password"]).output.contains("turn: \(refused) requests refused"))
  }

  @Test func `the CSV has one header row and a row for each cell, and is written whole`() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "rtcsim-\(getpid()).csv")
    defer { try? FileManager.default.removeItem(at: file) }
    let result = try Program.run([
      "compare", "--participants", "2", "--topologies", "sfu,mcu", "--duration", "6s", "--csv", file.path,
    ])
    #expect(result.status == 0)
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\r\n")
    #expect(lines.count == 3)
    let header = lines[0].split(separator: ",")
    #expect(header.contains("client_uplink_mbps_udpip"))
    #expect(
      lines.dropFirst().allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == header.count })
  }

  /// The one row of a comparison of two people in a mesh, by column.
  private func csvRow(_ arguments: [String]) throws -> [String: String] {
    let file = FileManager.default.temporaryDirectory.appending(path: "rtcsim-\(UUID()).csv")
    defer { try? FileManager.default.removeItem(at: file) }
    let cell = ["--participants", "2", "--topologies", "mesh", "--duration", "6s", "--csv", file.path]
    #expect(try Program.run(["compare"] + arguments + cell).status == 0)
    let rows = try String(contentsOf: file, encoding: .utf8).split(separator: "\r\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    return Dictionary(uniqueKeysWithValues: zip(rows[0], rows[1]))
  }

  @Test func `the CSV has columns of congestion control, which are empty without it`() throws {
    let row = try csvRow(["meeting", "--congestion-control", "gcc"])
    #expect(row["congestion_control"] == "gcc" && row["video_streams_at_end"] == "2")
    #expect(row["video_streams_paused_percent_at_end"] == "0.000")
    #expect(try #require(Double(row["video_target_mean_kbps_codec_at_end"] ?? "")) > 300)
    #expect(try #require(Double(row["picture_mean_height_px_at_end"] ?? "")) >= 180)
    #expect(try #require(Double(row["available_outgoing_mean_kbps_udpip_at_end"] ?? "")) > 400)
    let shares = ["none", "cpu", "bandwidth"].compactMap { Double(row["limited_by_\($0)_percent_of_video_time"] ?? "") }
    #expect(shares.count == 3 && abs(shares.reduce(0, +) - 100) < 0.01)
    #expect(row["data_chat_messages_sent"] == "")
  }

  @Test func `the CSV has columns of data for each workload, which add up as the table does`() throws {
    let row = try csvRow(["data-channels"])
    #expect(row["congestion_control"] == "" && row["limited_by_cpu_percent_of_video_time"] == "")
    for workload in ["chat", "file", "game"] {
      func number(_ column: String) throws -> Double { try #require(Double(row["data_\(workload)_\(column)"] ?? "")) }
      #expect(try number("messages_received") <= number("messages_sent"))
      #expect(try number("bytes_received_payload") <= number("bytes_sent_payload"))
      #expect(try number("latency_p50_ms_send_to_receive") <= number("latency_p95_ms_send_to_receive"))
      #expect(try number("messages_sent") > 0 && number("messages_lost") >= 0 && number("messages_out_of_order") >= 0)
    }
  }

  @Test func `costs are in the currency of the price list`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "rtcsim-currency-\(getpid())")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let (prices, scenario, csv) = (
      folder.appending(path: "p.json5"), folder.appending(path: "s.json5"), folder.appending(path: "o.csv")
    )
    let text = "{ currency: 'EUR', egressPerGigabyte: 1, serverPerCoreHour: 1, turnEgressPerGigabyte: 1 }"
    try Data(text.utf8).write(to: prices)
    try Data("{ duration: '6s', prices: '\(prices.path)' }".utf8).write(to: scenario)
    let arguments = ["compare", scenario.path, "--participants", "2", "--topologies", "sfu"]
    let table = try Program.run(arguments + ["--csv", csv.path])
    #expect(table.output.contains("EUR per person"))
    #expect(try String(contentsOf: csv, encoding: .utf8).contains(",cost_eur_per_participant_hour,"))
    let cells = try #require(json(arguments)["cells"] as? [[String: Any]])
    #expect(cells[0]["currency"] as? String == "EUR")
  }

  @Test func `a run tells its milestones with RFC sections in order of time`() throws {
    let run = try json(["run", "two-peers", "--duration", "6s"])
    let milestones = try #require(run["milestones"] as? [[String: Any]])
    let names = milestones.compactMap { $0["name"] as? String }
    for name in [
      "createOffer", "setLocalDescription(offer)", "candidate gathered", "check sent", "pair selected",
      "DTLS flight sent", "keys exported", "first RTP sent", "first frame decoded",
    ] {
      #expect(names.contains(name), "\(name)")
    }
    let times = milestones.compactMap { $0["timeMs"] as? Double }
    #expect(times == times.sorted())
    #expect(milestones.allSatisfy { ($0["rfc"] as? String)?.isEmpty == false })
    let seconds = try #require(run["cpuSeconds"] as? [String: [String: Double]])
    #expect(try #require(seconds["clients"]?["videoDecode"]) > 0)
  }

  /// A Y4M file of two pictures of one colour, and a scenario that shows it at a size.
  private func withPictureFile(_ width: Int, _ height: Int, _ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "rtcsim-file-\(getpid())-\(width)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let picture = "FRAME\n" + String(repeating: "x", count: 64 * 36 * 3 / 2)
    try Data("YUV4MPEG2 W64 H36 F10:1 C420jpeg\n\(picture)\(picture)".utf8)
      .write(to: folder.appending(path: "file.y4m"))
    let video = "{ file: 'file.y4m', width: \(width), height: \(height), frameRate: 10 }"
    let scenario = folder.appending(path: "file.json5")
    try Data("{ topology: 'mesh', participants: 2, media: 'real', video: \(video) }".utf8).write(to: scenario)
    try body(scenario.path)
  }

  @Test func `pictures come from the file that a scenario names`() throws {
    try withPictureFile(64, 36) { scenario in
      let result = try Program.run(["run", scenario, "--duration", "6s"])
      // One colour loses nothing.
      #expect(result.status == 0 && result.output.contains("PSNR 100.0 dB"), "\(result.error)")
    }
  }

  @Test func `a file whose pictures have another size is refused`() throws {
    try withPictureFile(320, 180) { scenario in
      let result = try Program.run(["run", scenario, "--duration", "6s"])
      #expect(result.status == 2)
      #expect(result.error.contains("file.y4m' of 64×36, allowed: pictures of 320×180"), "\(result.error)")
    }
  }

  @Test(arguments: [
    (["compare", "--topologies", "mash"], "did you mean 'mesh'"),
    (["compare", "--participants", "1"], "allowed: a whole number from 2 to 1000"),
    (["compare", "--uplink", "0"], "--uplink"),
    (["compare", "--uplink", "2"], "--uplink: found 2, allowed: a rate in bits per second such as"),
    (["compare", "--uplink", "fast"], "10Mbps, or unlimited"),
    (["compare", "--csv", "/nonexistent/x.csv"], "/nonexistent/x.csv"),
    (["run", "two-peers", "--costs", "nope"], "--costs: found 'nope', allowed: debian12-x86-2core, a path"),
    (["compare", "two-hosts-udp"], "<scenario>: found 'two-hosts-udp', allowed: people in a session"),
    (["run", "nosuch"], "allowed: data-channels, dual-stack, game-room, ladder, meeting"),
    (["compare", "--csv="], "--csv: found '', allowed: a text that is not empty"),
    (["run", "two-peers", "--pcap", "/proc/none"], "--pcap"),
    (["run", "two-peers", "--pcap", "/etc/passwd"], "--pcap: found '/etc/passwd', allowed: a folder that can be"),
    (["run", "two-peers", "--duration", "2s"], "--duration: found 2s, allowed: a duration such as"),
  ])
  func `bad input ends with one message and status 2`(arguments: [String], message: String) throws {
    let result = try Program.run(arguments)
    #expect(result.status == 2)
    #expect(result.output.isEmpty)
    #expect(result.error.contains(message), "\(result.error)")
    #expect(result.error.split(separator: "\n").count == 1)
  }
}
