import CEpoll
import Glibc
import Synchronization

/// Messages from other threads to a `SocketLoop`, which handles them on its own thread in the order of their arrival.
///
/// ```swift
/// let mailbox = try loop.makeMailbox { (offer: String) in connection.answer(offer) }
/// Thread.detachNewThread { mailbox.post("v=0 …") }
/// ```
public final class Mailbox<Message: Sendable>: Sendable {
  private let waiting = Mutex<[Message]>([])
  private let limit: Int
  private let bell: Bell

  init(limit: Int, bell: Bell) {
    self.limit = limit
    self.bell = bell
  }

  /// Leaves a message and wakes the loop; false when too many wait already.
  @discardableResult
  public func post(_ message: Message) -> Bool {
    let isAccepted = waiting.withLock { waiting in
      guard waiting.count < limit else { return false }
      waiting.append(message)
      return true
    }
    if isAccepted { bell.ring() }
    return isAccepted
  }

  func takeAll() -> [Message] {
    waiting.withLock { waiting in
      defer { waiting.removeAll() }
      return waiting
    }
  }
}

/// Wakes a loop from any thread (`eventfd`).
final class Bell: Sendable {
  private let descriptor: FileDescriptor

  init() throws(SocketError) {
    descriptor = try FileDescriptor(eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC)), "eventfd")
  }

  var number: Int32 { descriptor.number }

  func ring() {
    // It fails only when the counter is full, and then the loop is awake.
    _ = eventfd_write(descriptor.number, 1)
  }

  func silence() {
    var rings: eventfd_t = 0
    _ = eventfd_read(descriptor.number, &rings)
  }
}
