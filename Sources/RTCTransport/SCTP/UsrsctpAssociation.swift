import CUsrsctp
public import RTCPrimitives
public import RTCWire

/// An association inside usrsctp.
///
/// Messages wait here, stream by stream, until the library has room for them, so that a stream with much to send leaves
/// room for the others; the library then serves its streams in turn.
/// ```
/// new ── connect ──► connecting ── COOKIE ECHO or ACK ──► connected ── close, ABORT, SHUTDOWN ──► closed
/// ```
public struct UsrsctpAssociation: SCTPAssociation, ~Copyable {
  public private(set) var state = SCTPAssociationState.new
  public private(set) var isReading = true
  private let configuration: SCTPConfiguration
  private let socket: UsrsctpSocket
  private var sending: SCTPSendQueue
  private var outboundStreams = 0
  /// A message that has not come whole.
  private var partial: (stream: UInt16, bytes: [UInt8])?
  /// Streams that are to be reset when the library can do so, and those for which the peer has not answered.
  private var resetsToSend: [UInt16] = []
  private var resetsToConfirm: [UInt16] = []
  /// Until when an acknowledgement may be held back.
  private var acknowledgesUntil = Instant.start
  private var isOutstanding = false
  private var slowStart: LimitedSlowStart

  public init(_ configuration: SCTPConfiguration = SCTPConfiguration(), on stack: SCTPStack) {
    self.configuration = configuration
    socket = UsrsctpSocket(configuration, on: stack)
    sending = SCTPSendQueue()
    slowStart = LimitedSlowStart(packetSize: configuration.mtu)
  }

  /// The next tick of the stack while a timer of this association can be running: before it is connected, while
  /// something is not acknowledged, not sent or not agreed on, and for as long as an acknowledgement may be held back.
  ///
  /// There are no other timers: heartbeats, path MTU probes and the closing of idle associations are off. An end that
  /// waits for the peer has none: what it has answered to INIT is in the cookie.
  public var nextTimeout: Instant? {
    switch state {
    case .new, .closed: return nil
    case .connecting: return configuration.start == .active ? socket.stack.nextTick : nil
    case .connected:
      let next = socket.stack.nextTick
      let isBusy = isOutstanding || !resetsToSend.isEmpty || !resetsToConfirm.isEmpty || next <= acknowledgesUntil
      return isBusy ? next : nil
    }
  }

  public mutating func connect(at now: Instant, into output: inout SCTPOutput) {
    guard state == .new else { return }
    state = .connecting
    socket.stack.advance(to: now)
    do {
      try socket.connect(at: now)
      settle(at: now, into: &output)
    } catch {
      end(.failed(error), at: now, into: &output)
    }
  }

  public mutating func handle(_ packet: Span<UInt8>, at now: Instant, into output: inout SCTPOutput) {
    guard isForUs(packet) else { return }
    wake(at: now)
    socket.handle(packet, at: now)
    acknowledgesUntil = now + UsrsctpSocket.delayedAcknowledgement + SCTPStack.tick * 2
    settle(at: now, into: &output)
  }

  public mutating func handleTimeout(at now: Instant, into output: inout SCTPOutput) {
    guard state == .connecting || state == .connected else { return }
    socket.stack.advance(to: now)
    settle(at: now, into: &output)
  }

  public mutating func send(
    _ message: SCTPMessage, isOrdered: Bool, reliability: DataChannelReliability, at now: Instant,
    into output: inout SCTPOutput
  ) throws(SCTPError) {
    precondition(!message.bytes.isEmpty, "SCTP has no empty messages")
    guard state == .connected else { throw .notConnected }
    guard Int(message.stream) < outboundStreams else {
      throw .noSuchStream(message.stream, count: outboundStreams)
    }
    guard message.bytes.count <= maxMessageSize else {
      throw .messageTooLarge(message.bytes.count, limit: maxMessageSize)
    }
    try sending.append(message, isOrdered: isOrdered, reliability: reliability, at: now)
    wake(at: now)
    settle(at: now, into: &output)
  }

  /// The largest message that may be sent, in bytes.
  public var maxMessageSize: Int {
    min(configuration.remoteMaxMessageSize, SCTPConfiguration.maxMessageSize)
  }

  public mutating func resetStreams(_ streams: [UInt16], at now: Instant, into output: inout SCTPOutput) {
    guard state == .connected else { return }
    // A peer may send on more streams than it takes; those there is nothing of ours on, and the library refuses the rest
    // of a request along with them.
    resetsToSend += streams.filter {
      Int($0) < outboundStreams && !resetsToSend.contains($0) && !resetsToConfirm.contains($0)
    }
    wake(at: now)
    settle(at: now, into: &output)
  }

  public func bufferedAmount(of stream: UInt16) -> Int { sending.bufferedAmount(of: stream) }

  public var bufferedAmount: Int { sending.bufferedAmount }

  public mutating func setReading(_ isReading: Bool, at now: Instant, into output: inout SCTPOutput) {
    guard isReading != self.isReading else { return }
    self.isReading = isReading
    guard isReading, state == .connecting || state == .connected else { return }
    socket.stack.advance(to: now)
    settle(at: now, into: &output)
  }

  public mutating func close(at now: Instant, into output: inout SCTPOutput) {
    guard state == .connecting || state == .connected else { return }
    end(.local, at: now, into: &output)
  }

  /// Lets the timers know how late it is before something may be timed. While something is, `handleTimeout` does so, and
  /// first come the packets that were waiting: they may say that nothing is late.
  private func wake(at now: Instant) {
    if nextTimeout == nil { socket.stack.advance(to: now) }
  }

  /// A peer cannot begin further associations by other ports, and what is malformed never gets to the library.
  private func isForUs(_ packet: Span<UInt8>) -> Bool {
    (state == .connecting || state == .connected) && SCTPPacket.isWellFormed(packet)
      && packet.bigEndianUInt16(at: 0) == configuration.remotePort
      && packet.bigEndianUInt16(at: 2) == configuration.localPort
  }

  /// Takes what the library wrote and told, and gives it what waits, until nothing more happens.
  private mutating func settle(at now: Instant, into output: inout SCTPOutput) {
    if isReading { socket.read(at: now) }
    repeat {
      for notice in socket.takeNotices() { take(notice, at: now, into: &output) }
      takePackets(into: &output)
      guard state == .connected else { break }
      pump(at: now, into: &output)
      sendResets(at: now)
      if isReading { socket.read(at: now) }
    } while !socket.notices.isEmpty || socket.hasPackets
    guard state == .connected else { return }
    let status = socket.status(at: now)
    if let status, slowStart.raise(window: status.window, roundTrip: status.smoothedRoundTrip, at: now) {
      socket.limitWindow(to: slowStart.limit, at: now)
    }
    isOutstanding = status.map { $0.chunks > 0 || $0.messages > 0 } ?? false
    if !isOutstanding { sending.noteAllSent() }
    isOutstanding = isOutstanding || !sending.isEmpty
  }

  private mutating func take(_ notice: UsrsctpSocket.Notice, at now: Instant, into output: inout SCTPOutput) {
    switch notice {
    case .connected(let outbound, let inbound):
      guard state == .connecting else { return }
      state = .connected
      outboundStreams = outbound
      socket.limitWindow(to: slowStart.limit, at: now)
      output.emit(.connected(outboundStreams: outbound, inboundStreams: inbound))
    case .lost: end(.remote, at: now, into: &output)
    case .failed(let error): end(.failed(error), at: now, into: &output)
    case .part(let stream, let ppid, let bytes, let isEnd):
      guard state == .connected else { return }
      receive(bytes, stream: stream, ppid: ppid, isEnd: isEnd, at: now, into: &output)
    case .incomingReset(let streams): output.emit(.incomingStreamsReset(streams))
    // A peer that refuses would refuse again; nothing more is sent on the streams in either case.
    case .outgoingReset(let streams), .resetRefused(let streams):
      resetsToConfirm.removeAll { streams.contains($0) }
      output.emit(.outgoingStreamsReset(streams))
    case .abandoned(let stream, let bytes): sending.noteSent(bytes, of: stream)
    }
  }

  private mutating func receive(
    _ bytes: [UInt8], stream: UInt16, ppid: UInt32, isEnd: Bool, at now: Instant, into output: inout SCTPOutput
  ) {
    // Parts of one message come in a row; when another begins, the rest of the last one was given up.
    var whole = bytes
    if let before = partial, before.stream == stream { whole = before.bytes + bytes }
    partial = nil
    guard whole.count <= SCTPConfiguration.maxMessageSize else {
      return end(.messageTooLarge(limit: SCTPConfiguration.maxMessageSize), at: now, into: &output)
    }
    guard isEnd else {
      partial = (stream, whole)
      return
    }
    output.emit(.message(SCTPMessage(stream: stream, ppid: ppid, bytes: whole)))
  }

  private mutating func takePackets(into output: inout SCTPOutput) {
    socket.drainPackets { packet in
      output.append(packet: packet)
      sending.noteTransmission(packet)
    }
  }

  private mutating func pump(at now: Instant, into output: inout SCTPOutput) {
    while let (message, isOrdered, policy) = sending.next(at: now) {
      switch socket.send(message, isOrdered: isOrdered, policy: policy.usrsctp, at: now) {
      case .sent: sending.noteHandedOver()
      case .wouldBlock: return
      case .failed(let error): return end(.failed(error), at: now, into: &output)
      }
      takePackets(into: &output)
    }
  }

  private mutating func sendResets(at now: Instant) {
    // What waits here belongs before the reset; what waits in the library, the library sends first.
    let ready = resetsToSend.filter { sending.isWaiting(on: $0) == false }
    guard !ready.isEmpty, resetsToConfirm.isEmpty, socket.reset(ready, at: now) else { return }
    resetsToConfirm = ready
    resetsToSend.removeAll { ready.contains($0) }
  }

  private mutating func end(_ reason: SCTPClosure, at now: Instant, into output: inout SCTPOutput) {
    guard state != .closed else { return }
    state = .closed
    socket.close(at: now)
    takePackets(into: &output)
    _ = socket.takeNotices()
    sending = SCTPSendQueue()
    output.emit(.closed(reason))
  }
}

extension SCTPSendQueue.Policy {
  fileprivate var usrsctp: (kind: Int32, value: UInt32) {
    switch self {
    case .reliable: (SCTP_PR_SCTP_NONE, 0)
    case .retransmissions(let count): (SCTP_PR_SCTP_RTX, count)
    case .lifetime(let milliseconds): (SCTP_PR_SCTP_TTL, milliseconds)
    }
  }
}
