import CUsrsctp
import Glibc
import RTCPrimitives
import RTCWire

/// A socket of usrsctp with its one association: the raw pointers of SCTP live here.
///
/// The library calls back into it while one of its methods, or the stack's timers, run; hence a class with a stable
/// address.
final class UsrsctpSocket {
  /// What the library told, in order.
  enum Notice {
    case connected(outboundStreams: Int, inboundStreams: Int)
    case lost
    /// A message or a part of it.
    case part(stream: UInt16, ppid: UInt32, bytes: [UInt8], isEnd: Bool)
    case incomingReset([UInt16])
    case outgoingReset([UInt16])
    /// The peer did not agree.
    case resetRefused([UInt16])
    /// Bytes of a stream that were given up before they were sent.
    case abandoned(stream: UInt16, bytes: Int)
  }

  enum SendResult { case sent, wouldBlock, failed(SCTPError) }

  /// Messages that were sent and are not acknowledged, and those that are to be sent.
  static let sendSpace = 2 << 20
  static let receiveSpace = 2 << 20
  private static let sctp = Int32(IPPROTO_SCTP)
  static let delayedAcknowledgement = Duration.milliseconds(200)

  let stack: SCTPStack
  private(set) var notices: [Notice] = []
  /// Packets that the library wrote.
  private var packets = ByteWriter()
  private var packetRanges: [Range<Int>] = []
  private let configuration: SCTPConfiguration
  private var address = 0
  private var socket: OpaquePointer?

  init(_ configuration: SCTPConfiguration, on stack: SCTPStack) {
    self.configuration = configuration
    self.stack = stack
  }

  deinit { close(at: nil) }

  /// Opens the socket and sends INIT.
  ///
  /// - Throws: `SCTPError`.
  func connect(at now: Instant) throws(SCTPError) {
    address = try stack.register(self, at: now)
    let result = stack.perform(at: now) { () -> Result<Void, SCTPError> in
      do throws(SCTPError) {
        try open()
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  func handle(_ packet: Span<UInt8>, at now: Instant) {
    guard let functions, socket != nil else { return }
    stack.perform(at: now) {
      packet.withUnsafeBytes { functions.conninput(endpoint, $0.baseAddress, $0.count, 0) }
    }
  }

  func send(
    _ message: SCTPMessage, isOrdered: Bool, policy: (kind: Int32, value: UInt32), at now: Instant
  ) -> SendResult {
    guard let functions, let socket else { return .failed(.notConnected) }
    var parameters = sctp_sendv_spa()
    parameters.sendv_flags = UInt32(SCTP_SEND_SNDINFO_VALID)
    parameters.sendv_sndinfo.snd_sid = message.stream
    parameters.sendv_sndinfo.snd_ppid = message.ppid.bigEndian
    parameters.sendv_sndinfo.snd_flags = isOrdered ? 0 : UInt16(SCTP_UNORDERED)
    if policy.kind != SCTP_PR_SCTP_NONE {
      parameters.sendv_flags |= UInt32(SCTP_SEND_PRINFO_VALID)
      parameters.sendv_prinfo.pr_policy = UInt16(policy.kind)
      parameters.sendv_prinfo.pr_value = policy.value
    }
    return stack.perform(at: now) {
      let count = message.bytes.withUnsafeBytes { bytes in
        functions.sendv(
          socket, bytes.baseAddress, bytes.count, nil, 0, &parameters,
          socklen_t(MemoryLayout<sctp_sendv_spa>.size), UInt32(SCTP_SENDV_SPA), 0)
      }
      if count >= 0 { return .sent }
      return errno == EWOULDBLOCK || errno == EAGAIN ? .wouldBlock : .failed(.call("usrsctp_sendv", errno: errno))
    }
  }

  /// Asks the peer to agree that outgoing streams begin anew; says whether that was possible now.
  func reset(_ streams: [UInt16], at now: Instant) -> Bool {
    guard let functions, let socket else { return false }
    // A header of eight bytes, then the numbers (struct sctp_reset_streams).
    var words = [UInt16](repeating: 0, count: 4)
    words[2] = UInt16(SCTP_STREAM_RESET_OUTGOING)
    words[3] = UInt16(streams.count)
    words += streams
    return stack.perform(at: now) {
      functions.setsockopt(socket, Self.sctp, SCTP_RESET_STREAMS, words, socklen_t(2 * words.count)) == 0
    }
  }

  /// Chunks that are in flight and messages that wait in the library; `nil` when there is no association.
  func outstanding(at now: Instant) -> (chunks: Int, messages: Int)? {
    guard let functions, let socket else { return nil }
    var status = sctp_status()
    var size = socklen_t(MemoryLayout<sctp_status>.size)
    let result = stack.perform(at: now) { functions.getsockopt(socket, Self.sctp, SCTP_STATUS, &status, &size) }
    return result == 0 ? (Int(status.sstat_unackdata), Int(status.sstat_penddata)) : nil
  }

  /// Aborts the association; without a time nothing is sent any more.
  func close(at now: Instant?) {
    guard let functions, let socket else { return }
    self.socket = nil
    if now == nil { stack.deregister(address) }
    stack.perform(at: now ?? stack.nextTick) {
      functions.close(socket)
      functions.deregister_address(endpoint)
    }
    if now != nil { stack.deregister(address) }
  }

  /// Takes what the library has for us. What is not taken fills the receive window that the peer is told (`a_rwnd`);
  /// once much of it is taken, the library tells the peer.
  func read(at now: Instant) {
    guard let functions, let socket else { return }
    let room = stack.readingSpace
    stack.perform(at: now) {
      while true {
        var information = sctp_rcvinfo()
        var size = socklen_t(MemoryLayout<sctp_rcvinfo>.size)
        var kind: UInt32 = 0
        var flags: Int32 = 0
        let count = functions.recvv(
          socket, room.baseAddress, room.count, nil, nil, &information, &size, &kind, &flags)
        guard count > 0 else { return }
        receive(UnsafeRawBufferPointer(rebasing: room[..<count]), information, flags: flags)
      }
    }
  }

  func takeNotices() -> [Notice] {
    defer { notices.removeAll(keepingCapacity: true) }
    return notices
  }

  var hasPackets: Bool { !packetRanges.isEmpty }

  /// Hands over the packets that the library wrote, in order.
  func drainPackets(_ body: (Span<UInt8>) -> Void) {
    for range in packetRanges { body(packets.bytes.span.extracting(range)) }
    packets.removeAll()
    packetRanges.removeAll(keepingCapacity: true)
  }

  /// Called by usrsctp.
  func transmit(_ packet: UnsafeRawBufferPointer) {
    let begin = packets.count
    packets.bytes.append(contentsOf: packet)
    packetRanges.append(begin..<packets.count)
  }

  private func receive(_ bytes: UnsafeRawBufferPointer, _ information: sctp_rcvinfo, flags: Int32) {
    guard flags & MSG_NOTIFICATION == 0 else { return notify(bytes) }
    notices.append(
      .part(
        stream: information.rcv_sid, ppid: UInt32(bigEndian: information.rcv_ppid), bytes: Array(bytes),
        isEnd: flags & Int32(MSG_EOR) != 0))
  }

  private func notify(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count >= 8 else { return }
    let flags = Int32(bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
    switch Int32(bytes.loadUnaligned(as: UInt16.self)) {
    case SCTP_ASSOC_CHANGE:
      guard bytes.count >= MemoryLayout<sctp_assoc_change>.size else { return }
      let change = bytes.loadUnaligned(as: sctp_assoc_change.self)
      switch Int32(change.sac_state) {
      case SCTP_COMM_UP:
        notices.append(
          .connected(
            outboundStreams: Int(change.sac_outbound_streams), inboundStreams: Int(change.sac_inbound_streams)))
      case SCTP_COMM_LOST, SCTP_SHUTDOWN_COMP, SCTP_CANT_STR_ASSOC: notices.append(.lost)
      default: break
      }
    case SCTP_SHUTDOWN_EVENT: notices.append(.lost)
    case SCTP_STREAM_RESET_EVENT:
      let streams = stride(from: 12, to: bytes.count - 1, by: 2).map {
        bytes.loadUnaligned(fromByteOffset: $0, as: UInt16.self)
      }
      if flags & (SCTP_STREAM_RESET_DENIED | SCTP_STREAM_RESET_FAILED) != 0 {
        notices.append(.resetRefused(streams))
      } else if flags & SCTP_STREAM_RESET_INCOMING_SSN != 0 {
        notices.append(.incomingReset(streams))
      } else if flags & SCTP_STREAM_RESET_OUTGOING_SSN != 0 {
        notices.append(.outgoingReset(streams))
      }
    case SCTP_SEND_FAILED_EVENT:
      let header = MemoryLayout<sctp_send_failed_event>.size
      guard bytes.count >= header, flags & SCTP_DATA_UNSENT != 0 else { return }
      let event = bytes.loadUnaligned(as: sctp_send_failed_event.self)
      notices.append(
        .abandoned(stream: event.ssfe_info.snd_sid, bytes: max(0, Int(event.ssfe_length) - header)))
    default: break
    }
  }

  // MARK: Setting up

  private var functions: rtcsim_usrsctp? { stack.library?.functions }
  private var endpoint: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: address) }

  private func open() throws(SCTPError) {
    guard let functions else { throw .notConnected }
    functions.register_address(endpoint)
    guard
      let socket = functions.socket(AF_CONN, Int32(SOCK_STREAM.rawValue), Self.sctp, nil, nil, 0, nil)
    else { throw .call("usrsctp_socket", errno: errno) }
    self.socket = socket
    guard functions.set_non_blocking(socket, 1) == 0 else {
      throw .call("usrsctp_set_non_blocking", errno: errno)
    }
    // Closing aborts, and leaves nothing behind.
    try set(SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0))
    // Messages are not held back for others to join them.
    try set(Self.sctp, SCTP_NODELAY, UInt32(1))
    // A large message is delivered in a row, not mixed with others (RFC 8831 §6.6 without RFC 8260).
    try set(Self.sctp, SCTP_FRAGMENT_INTERLEAVE, UInt32(0))
    // A message comes with its stream and its payload protocol identifier.
    try set(Self.sctp, SCTP_RECVRCVINFO, UInt32(1))
    var start = sctp_initmsg()
    start.sinit_num_ostreams = configuration.streams
    start.sinit_max_instreams = configuration.streams
    try set(Self.sctp, SCTP_INITMSG, start)
    try set(
      Self.sctp, SCTP_ENABLE_STREAM_RESET,
      sctp_assoc_value(assoc_id: UInt32(SCTP_ALL_ASSOC), assoc_value: UInt32(SCTP_ENABLE_RESET_STREAM_REQ)))
    for kind in [SCTP_ASSOC_CHANGE, SCTP_SHUTDOWN_EVENT, SCTP_STREAM_RESET_EVENT, SCTP_SEND_FAILED_EVENT] {
      try set(
        Self.sctp, SCTP_EVENT,
        sctp_event(se_assoc_id: UInt32(SCTP_ALL_ASSOC), se_type: UInt16(kind), se_on: 1))
    }
    try call("usrsctp_bind", functions.bind, socket, port: configuration.localPort)
    try call("usrsctp_connect", functions.connect, socket, port: configuration.remotePort)
    // The path is not probed and not watched: consent (RFC 7675) tells when the peer is gone.
    var path = sctp_paddrparams()
    path.spp_flags = UInt32(SPP_PMTUD_DISABLE | SPP_HB_DISABLE)
    path.spp_pathmtu = UInt32(configuration.mtu)
    var remote = sockaddr(port: configuration.remotePort)
    withUnsafeMutableBytes(of: &path.spp_address) { room in
      withUnsafeBytes(of: &remote) { room.copyMemory(from: $0) }
    }
    try set(Self.sctp, SCTP_PEER_ADDR_PARAMS, path)
  }

  private func set<Value>(_ level: Int32, _ option: Int32, _ value: Value) throws(SCTPError) {
    guard let functions, let socket else { throw .notConnected }
    let result = withUnsafeBytes(of: value) {
      functions.setsockopt(socket, level, option, $0.baseAddress, socklen_t($0.count))
    }
    guard result == 0 else { throw .call("usrsctp_setsockopt(\(option))", errno: errno) }
  }

  private func sockaddr(port: UInt16) -> sockaddr_conn {
    sockaddr_conn(sconn_family: UInt16(AF_CONN), sconn_port: port.bigEndian, sconn_addr: endpoint)
  }

  private func call(
    _ name: String,
    _ function: @convention(c) (OpaquePointer?, UnsafeMutablePointer<Glibc.sockaddr>?, socklen_t) -> Int32,
    _ socket: OpaquePointer, port: UInt16
  ) throws(SCTPError) {
    var address = sockaddr(port: port)
    let result = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: Glibc.sockaddr.self, capacity: 1) {
        function(socket, $0, socklen_t(MemoryLayout<sockaddr_conn>.size))
      }
    }
    guard result == 0 || errno == EINPROGRESS else { throw .call(name, errno: errno) }
  }
}
