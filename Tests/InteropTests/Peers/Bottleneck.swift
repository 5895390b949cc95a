import Foundation
import RTCPrimitives
import RTCSockets
import Synchronization

/// A link between two peers of this machine that carries no more than its capacity in each direction, and lets wait what
/// comes faster for as long as its queue holds. It has a thread of its own, so that it is not late when its users are busy.
///
/// One of them, `near`, is told of by its candidates; the far one is whoever sends to `outside`.
final class Bottleneck: Sendable {
  /// What both threads know.
  private final class Settings: Sendable {
    struct Values {
      var capacity: DataRate?
      var near: Endpoint?
      var outside: Result<Endpoint, SocketError>?
      var isOver = false
    }

    let values = Mutex(Values())
    let started = DispatchSemaphore(value: 0)
  }

  private let settings: Settings
  /// Where the far peer is to send.
  let outside: Endpoint

  init() throws {
    let settings = Settings()
    Thread.detachNewThread {
      do throws(SocketError) {
        let loop = try SocketLoop()
        let link = try Link(on: loop)
        settings.values.withLock { $0.outside = .success(link.outside) }
        settings.started.signal()
        loop.run(asking: .milliseconds(20)) {
          settings.values.withLock { values in
            (link.capacity, link.near) = (values.capacity, values.near)
            return !values.isOver
          }
        }
      } catch {
        settings.values.withLock { $0.outside = .failure(error) }
        settings.started.signal()
      }
    }
    settings.started.wait()
    guard let outside = try settings.values.withLock({ $0.outside })?.get() else {
      preconditionFailure("the thread says how its beginning went")
    }
    self.settings = settings
    self.outside = outside
  }

  deinit { settings.values.withLock { $0.isOver = true } }

  /// `nil` for what loopback carries.
  func setCapacity(_ capacity: DataRate?) { settings.values.withLock { $0.capacity = capacity } }

  /// Where the near peer gets its media.
  func setNear(_ endpoint: Endpoint) { settings.values.withLock { $0.near = endpoint } }
}

/// The link itself, on its thread.
private final class Link: TimedParticipant {
  /// IPv4 and UDP, which use the link, too.
  private static let headers = 28
  /// How long a packet waits at most.
  private static let patience = Duration.milliseconds(300)

  private struct Direction {
    var queue: [(due: Instant, bytes: [UInt8])] = []
    /// When the last packet will have left.
    var free = Instant.start
  }

  var capacity: DataRate?
  var near: Endpoint?
  /// The far peer, once it has sent anything.
  private var far: Endpoint?
  private var toNear = Direction()
  private var toFar = Direction()
  private var outsideSocket: DatagramSocket?
  private var insideSocket: DatagramSocket?

  init(on loop: SocketLoop) throws(SocketError) {
    let loopback = Endpoint(IPAddress(127, 0, 0, 1), 0)
    outsideSocket = try DatagramSocket(loopback, on: loop) { [unowned self] datagram, now in
      far = datagram.source
      take(datagram, into: &toNear, at: now)
    }
    insideSocket = try DatagramSocket(loopback, on: loop) { [unowned self] datagram, now in
      take(datagram, into: &toFar, at: now)
    }
    loop.add(self)
  }

  var outside: Endpoint {
    guard let outsideSocket else { preconditionFailure("a link has two ends") }
    return outsideSocket.local
  }

  // It is asked again after the sockets were read, so that nothing waits on loopback.
  var nextTimeout: Instant? { [toNear.queue.first?.due, toFar.queue.first?.due].compactMap(\.self).min() }

  func handleTimeout(at now: Instant) {
    while let first = toNear.queue.first, first.due <= now {
      toNear.queue.removeFirst()
      if let near { insideSocket?.send(first.bytes.span, to: near) }
    }
    while let first = toFar.queue.first, first.due <= now {
      toFar.queue.removeFirst()
      if let far { outsideSocket?.send(first.bytes.span, to: far) }
    }
  }

  private func take(_ datagram: Datagram, into direction: inout Direction, at now: Instant) {
    let begin = max(now, direction.free)
    guard begin - now <= Self.patience else { return }
    let bytes = datagram.bytes.withUnsafeBufferPointer { Array($0) }
    let bits = Int64(bytes.count + Self.headers) * 8
    direction.free = capacity.map { begin + .nanoseconds(bits * 1_000_000_000 / $0.bitsPerSecond) } ?? begin
    direction.queue.append((direction.free, bytes))
  }
}
