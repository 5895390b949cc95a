import CWebSockets
import Glibc

/// What libwebsockets holds pointers to as long as its context lives.
final class SocketOwner {
  private static let lingeringTime = Duration.seconds(2)

  let address: UnsafeMutablePointer<CChar>?
  let role = strdup("raw-skt")
  let protocolName: UnsafeMutablePointer<CChar>?
  /// Ends with an empty one.
  let protocols = UnsafeMutablePointer<lws_protocols>.allocate(capacity: 2)
  let timeout: Duration
  /// Set as soon as the port is known, before the first event.
  var service: Service?

  init(timeout: Duration, address: String, protocolName name: String) {
    self.timeout = timeout
    self.address = strdup(address)
    protocolName = strdup(name)
    protocols.initialize(repeating: lws_protocols(), count: 2)
    protocols[0].name = UnsafePointer(protocolName)
    protocols[0].callback = { socket, reason, _, bytes, count in
      SocketOwner.handle(socket, reason, bytes, count)
    }
    protocols[0].tx_packet_size = Service.chunkSize
  }

  deinit {
    free(address)
    free(role)
    free(protocolName)
    protocols.deallocate()
  }

  /// - Returns: Not 0 if the connection is to be closed.
  private static func handle(
    _ socket: OpaquePointer?, _ reason: lws_callback_reasons, _ bytes: UnsafeMutableRawPointer?, _ count: Int
  ) -> Int32 {
    switch reason {
    case LWS_CALLBACK_FILTER_NETWORK_CONNECTION, LWS_CALLBACK_RAW_ADOPT, LWS_CALLBACK_RAW_RX,
      LWS_CALLBACK_RAW_WRITEABLE, LWS_CALLBACK_RAW_CLOSE, LWS_CALLBACK_TIMER:
      break
    default: return 0
    }
    guard let socket, let user = lws_context_user(lws_get_context(socket)) else { return 0 }
    let owner = Unmanaged<SocketOwner>.fromOpaque(user).takeUnretainedValue()
    guard let service = owner.service else { return -1 }
    let id = Int(bitPattern: socket)
    switch reason {
    case LWS_CALLBACK_FILTER_NETWORK_CONNECTION: return service.admits() ? 0 : -1
    case LWS_CALLBACK_RAW_ADOPT: return owner.perform(service.opened(id), on: socket)
    case LWS_CALLBACK_RAW_RX:
      let received = Array(UnsafeRawBufferPointer(start: bytes, count: count))
      return owner.perform(service.received(received, on: id), on: socket)
    case LWS_CALLBACK_RAW_WRITEABLE: return owner.perform(service.writable(id), on: socket)
    case LWS_CALLBACK_TIMER: return owner.perform(service.expired(id), on: socket)
    default:
      service.closed(id)
      return 0
    }
  }

  /// Does what was asked for outside of any event of a socket.
  func performOutbox() {
    for (id, action) in service?.takeOutbox() ?? [] {
      guard let socket = OpaquePointer(bitPattern: id), perform(action, on: socket) != 0 else { continue }
      lws_set_timeout(socket, PENDING_TIMEOUT_USER_OK, Int32(LWS_TO_KILL_ASYNC))
    }
  }

  private func perform(_ action: Service.Action, on socket: OpaquePointer) -> Int32 {
    switch action {
    case .nothing: return 0
    case .restartTimer: break
    case .awaitWritable(let reads):
      guard lws_rx_flow_control(socket, reads ? 1 : 0) >= 0, lws_callback_on_writable(socket) >= 0 else { return -1 }
    case .send(let chunk):
      guard write(chunk, to: socket), lws_callback_on_writable(socket) >= 0 else { return -1 }
    case .resume:
      guard lws_rx_flow_control(socket, 1) >= 0 else { return -1 }
    case .linger:
      guard lws_rx_flow_control(socket, 1) >= 0, shutdown(lws_get_socket_fd(socket), Int32(SHUT_WR)) == 0 else {
        return -1
      }
      lws_set_timer_usecs(socket, Self.lingeringTime.microseconds)
      return 0
    case .close: return -1
    }
    lws_set_timer_usecs(socket, timeout.microseconds)
    return 0
  }

  /// What the socket does not take now, libwebsockets keeps and sends before it asks for more.
  private func write(_ chunk: ArraySlice<UInt8>, to socket: OpaquePointer) -> Bool {
    var chunk = chunk
    return chunk.withUnsafeMutableBufferPointer {
      lws_write(socket, $0.baseAddress, $0.count, LWS_WRITE_HTTP) == Int32($0.count)
    }
  }
}

extension Duration {
  var microseconds: lws_usec_t { lws_usec_t(self / .microseconds(1)) }
}
