import RTCPrimitives
import RTCSession
import SimKernel

/// Chat, files and games on data channels.
///
/// The packets are charged to the processor like those of media; what SCTP itself does for them is not.
extension Client {
  /// Makes a channel for each workload, before the offer.
  func openDataChannels(on connection: Connection, at now: Instant) {
    for workload in configuration.data?.workloads ?? [] {
      do throws(DataChannelError) {
        let channel = try connection.core.createDataChannel(
          workload.rawValue, workload.options, at: now, into: &connection.output)
        connection.dataFlows.append(DataFlow(workload, channel: channel))
      } catch {
        preconditionFailure("a new connection has room for the channel '\(workload.rawValue)': \(error)")
      }
    }
  }

  func handle(_ event: DataChannelEvent, of connection: Connection, at now: Instant) {
    switch event {
    case .announced(let channel):
      guard let label = connection.core.dataChannel(channel)?.label else { return }
      let forwarded = ForwardedLabel(label)
      guard let workload = DataWorkload(rawValue: forwarded?.label ?? label) else { return }
      connection.dataFlows.append(DataFlow(workload, channel: channel, sender: forwarded?.sender))
      connection.announcedChannels.insert(channel)
    case .opened(let channel):
      guard let index = connection.flow(of: channel) else { return }
      start(index, on: connection, at: now)
    case .message(let channel, .binary(let bytes)):
      guard let index = connection.flow(of: channel) else { return }
      connection.dataFlows[index].receive(bytes, at: now)
    case .message(_, .text): break
    case .bufferedAmountLow(let channel):
      guard let index = connection.flow(of: channel) else { return }
      sendFile(index, on: connection, at: now)
    case .closing(let channel), .closed(let channel):
      guard let index = connection.flow(of: channel) else { return }
      connection.dataFlows[index].nextSend = .distantFuture
      connection.dataFlows[index].remaining = 0
    }
  }

  /// A channel is open: what is sent by the clock begins now, and a file at the end that opened the channel.
  private func start(_ index: Int, on connection: Connection, at now: Instant) {
    let flow = connection.dataFlows[index]
    guard let data = configuration.data, flow.sender == nil else { return }
    switch flow.report.workload {
    case .chat, .game:
      connection.dataFlows[index].nextSend = now
      nextData = min(nextData, now)
    case .file:
      guard let file = data.file, !connection.announcedChannels.contains(flow.channel) else { return }
      connection.core.setBufferedAmountLowThreshold(DataFlow.lowWaterMark, ofDataChannel: flow.channel)
      connection.dataFlows[index].remaining = file.size.bytes
      sendFile(index, on: connection, at: now)
    }
  }

  /// Sends all messages that the clock asks for.
  func sendData(at now: Instant) {
    guard nextData <= now else { return }
    for connection in connections.all {
      var hasSent = false
      for index in connection.dataFlows.indices where connection.dataFlows[index].nextSend <= now {
        sendPeriodic(index, on: connection, at: now)
        hasSent = true
      }
      if hasSent { finish(connection, at: now) }
    }
    nextData = .distantFuture
    for connection in connections.all {
      for flow in connection.dataFlows { nextData = min(nextData, flow.nextSend) }
    }
  }

  private func sendPeriodic(_ index: Int, on connection: Connection, at now: Instant) {
    let data = configuration.data
    let (size, interval): (DataSize, Duration)
    switch connection.dataFlows[index].report.workload {
    case .chat:
      guard let chat = data?.chat else { return }
      (size, interval) = (chat.size, chat.interval)
    case .game:
      guard let game = data?.game else { return }
      (size, interval) = (game.size, .nanoseconds(1_000_000_000 / Int64(game.rate)))
    case .file: preconditionFailure("a file has no clock")
    }
    connection.dataFlows[index].nextSend = now + interval
    send(size.bytes, on: connection, index, at: now)
  }

  /// Sends chunks until enough waits; `bufferedAmountLow` asks for more.
  private func sendFile(_ index: Int, on connection: Connection, at now: Instant) {
    guard let file = configuration.data?.file else { return }
    let channel = connection.dataFlows[index].channel
    while connection.dataFlows[index].remaining > 0,
      connection.core.bufferedAmount(ofDataChannel: channel) < DataFlow.highWaterMark
    {
      let size = connection.dataFlows[index].nextChunk(of: file.chunk.bytes)
      guard send(size, on: connection, index, at: now) else { return }
      connection.dataFlows[index].remaining -= size
    }
  }

  /// Sends one message; says whether the channel took it.
  @discardableResult
  private func send(_ size: Int, on connection: Connection, _ index: Int, at now: Instant) -> Bool {
    let flow = connection.dataFlows[index]
    do throws(DataChannelError) {
      try connection.core.send(
        flow.message(size: size, at: now), onDataChannel: flow.channel, at: now, into: &connection.output)
    } catch {
      connection.dataFlows[index].noteRefused()
      return false
    }
    connection.dataFlows[index].noteSent(size)
    return true
  }

  /// What was sent and received, one report for each workload.
  func dataReports() -> [DataReport] {
    (configuration.data?.workloads ?? []).map { workload in
      let flows = connections.all.flatMap(\.dataFlows).filter { $0.report.workload == workload }
      return flows.reduce(into: DataReport(workload)) { $0.merge($1.report) }
    }
  }
}
