import CWebSockets
import Glibc

/// The event loop of libwebsockets with one listening socket, and all pointers that belong to it.
///
/// The sockets are "raw" to libwebsockets; `RequestHead` says why, and `WebSocketSession` why they stay so.
struct EventLoop: ~Copyable {
  private static let protocolName = "http"
  private static let heartbeatInterval = Duration.milliseconds(100)
  /// What libwebsockets needs besides the connections: the listening socket, its own wake-up, and some in reserve.
  private static let spareDescriptors = 16

  private let context: OpaquePointer
  private let owner: SocketOwner
  private let outbox: WebSocketOutbox?
  /// Wakes the loop, which otherwise sleeps until something comes.
  private let heartbeat: UnsafeMutablePointer<lws_sorted_usec_list_t>
  let port: UInt16

  /// - Parameters:
  ///   - outbox: Is looked into in every turn, and wakes the loop.
  ///   - service: Is given the port once it is known.
  init(
    _ configuration: WebServer.Configuration, outbox: WebSocketOutbox?, service: (UInt16) -> Service
  ) throws(WebServerError) {
    let address = configuration.address
    let isIPv4 = Self.isAddress(address, AF_INET)
    guard isIPv4 || Self.isAddress(address, AF_INET6) else { throw .notAnAddress(address) }
    try ListeningProbe.check(address, configuration.port)
    lws_set_log_level(0, nil)
    let owner = SocketOwner(timeout: configuration.timeout, address: address, protocolName: Self.protocolName)
    var info = lws_context_creation_info()
    info.port = Int32(configuration.port)
    info.iface = UnsafePointer(owner.address)
    info.protocols = UnsafePointer(owner.protocols)
    info.listen_accept_role = UnsafePointer(owner.role)
    info.listen_accept_protocol = UnsafePointer(owner.protocolName)
    info.vhost_name = UnsafePointer(owner.protocolName)
    info.fd_limit_per_thread = UInt32(configuration.maximumConnections + Self.spareDescriptors)
    info.user = Unmanaged.passUnretained(owner).toOpaque()
    info.options =
      UInt64(LWS_SERVER_OPTION_ADOPT_APPLY_LISTEN_ACCEPT_CONFIG) | UInt64(LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND)
      | UInt64(
        isIPv4
          ? LWS_SERVER_OPTION_DISABLE_IPV6
          : LWS_SERVER_OPTION_IPV6_V6ONLY_MODIFY | LWS_SERVER_OPTION_IPV6_V6ONLY_VALUE)
    guard let context = lws_create_context(&info) else { throw .noContext }
    guard let host = lws_get_vhost_by_name(context, owner.protocolName),
      let port = UInt16(exactly: lws_get_vhost_listen_port(host)), port > 0
    else {
      lws_context_destroy(context)
      throw .noContext
    }
    owner.service = service(port)
    self.context = context
    self.owner = owner
    self.outbox = outbox
    self.port = port
    heartbeat = .allocate(capacity: 1)
    heartbeat.initialize(to: lws_sorted_usec_list_t())
    outbox?.attach(to: context)
  }

  deinit {
    outbox?.detach()
    lws_sul_cancel(heartbeat)
    // It closes the connections, about which the owner hears.
    lws_context_destroy(context)
    withExtendedLifetime(owner) {}
    heartbeat.deallocate()
  }

  /// Waits a little for events and handles them.
  func turn() {
    lws_sul_schedule(context, 0, heartbeat, { _ in }, Self.heartbeatInterval.microseconds)
    lws_service(context, 0)
    owner.performOutbox()
  }

  private static func isAddress(_ text: String, _ family: Int32) -> Bool {
    var address = in6_addr()
    return inet_pton(family, text, &address) == 1
  }
}
