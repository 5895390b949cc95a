import RTCMedia
import RTCPrimitives
import RTCSession
import RTCSockets
import RTCTransport
import SimSessions
import WebHost

/// All calls of `rtcsim peer`, and what is shown and said to all of them. It lives on the thread of its loop.
final class PeerHost: TimedParticipant {
  /// What the thread of the page tells.
  enum Message: Sendable {
    case opened(WebSocketID)
    case received(String, WebSocketID)
    case closed(WebSocketID)
  }

  private let loop: SocketLoop
  private let source: PeerSource
  private let settings: PeerCall.Settings
  private let isOffering: Bool
  private let servers: [PeerServer]
  private let outbox: WebSocketOutbox
  private let report: PeerReport
  private var calls: [(socket: WebSocketID, call: PeerCall)] = []
  private var made = 0
  private var pictures: CaptureSchedule
  private var sounds: CaptureSchedule
  private var nextReport: Instant

  init(
    on loop: SocketLoop, source: PeerSource, settings: PeerCall.Settings, isOffering: Bool, servers: [PeerServer],
    outbox: WebSocketOutbox, report: PeerReport
  ) {
    self.loop = loop
    self.source = source
    self.settings = settings
    self.isOffering = isOffering
    self.servers = servers
    self.outbox = outbox
    self.report = report
    let now = loop.clock.now
    pictures = CaptureSchedule(from: now, rate: source.frameRate, backlog: 0)
    sounds = CaptureSchedule(from: now, rate: PeerSource.soundRate, length: .milliseconds(20), backlog: 10)
    nextReport = now + .seconds(1)
    loop.add(self)
  }

  func handle(_ message: Message) {
    switch message {
    case .opened(let socket): open(socket)
    case .received(let text, let socket):
      guard let call = call(of: socket) else { return }
      do { try call.receive(text) } catch { refuse(socket, "\(error)") }
    case .closed(let socket): end(socket, "the page is gone")
    }
  }

  /// Says goodbye to everybody.
  func close() {
    for (socket, _) in calls { hangUp(socket, "rtcsim peer ends") }
  }

  // MARK: - Calls

  private func call(of socket: WebSocketID) -> PeerCall? { calls.first { $0.socket == socket }?.call }

  private func open(_ socket: WebSocketID) {
    made += 1
    let number = made
    do {
      let call = try PeerCall(number, settings, on: loop) { [outbox] signal in
        outbox.send(signal.text, on: socket)
      } ended: { [weak self] reason in
        self?.hangUp(socket, reason)
      }
      calls.append((socket, call))
      outbox.send(PeerSignal.ready(offerer: isOffering ? .program : .page, servers: servers).text, on: socket)
      if isOffering { try call.offer() }
    } catch {
      report.note("call \(number) could not be made: \(error)")
      outbox.close(socket, .tryAgainLater, reason: "\(error)")
      end(socket, "it could not be made")
    }
  }

  /// Ends a call whose page does not keep to the rules.
  private func refuse(_ socket: WebSocketID, _ reason: String) {
    outbox.close(socket, .policyViolation, reason: reason)
    end(socket, "what came was refused: \(reason)")
  }

  /// Ends a call from this side.
  private func hangUp(_ socket: WebSocketID, _ reason: String) {
    guard call(of: socket) != nil else { return }
    outbox.send(PeerSignal.bye(reason: reason).text, on: socket)
    outbox.close(socket, .normal, reason: reason)
    end(socket, reason)
  }

  private func end(_ socket: WebSocketID, _ reason: String) {
    guard let index = calls.firstIndex(where: { $0.socket == socket }) else { return }
    let call = calls.remove(at: index).call
    do throws(FileError) { try call.close() } catch { report.note("call \(call.number): \(error)") }
    report.ended(call, reason, at: loop.clock.now)
  }

  // MARK: - Time

  var nextTimeout: Instant? {
    guard calls.contains(where: { $0.call.isReady }) else { return nil }
    return min(pictures.due, sounds.due, nextReport)
  }

  func handleTimeout(at now: Instant) {
    while let index = sounds.take(at: now) {
      let (sound, time) = (source.sound(index), sounds.time(of: index))
      sendToAll { (call) throws(CodecError) in try call.send(sound: sound, capturedAt: time) }
    }
    while let index = pictures.take(at: now) {
      let (picture, time) = (source.picture(index), pictures.time(of: index))
      sendToAll { (call) throws(CodecError) in try call.send(picture: picture, capturedAt: time) }
    }
    guard nextReport <= now else { return }
    for (_, call) in calls { report.progress(of: call, at: now) }
    nextReport = now + .seconds(1)
  }

  private func sendToAll(_ send: (PeerCall) throws(CodecError) -> Void) {
    for (_, call) in calls {
      do throws(CodecError) { try send(call) } catch { report.note("call \(call.number): \(error)") }
    }
  }
}
