import RTCPrimitives
import RTCSession
import SimKernel

/// Forwards what participants send on data channels to all the others, for an SFU and an MCU alike.
///
/// Each participant has one association with the server and one channel per workload to send on (what mediasoup calls a
/// data producer). For each of these the server opens a channel at every other participant (a data consumer) with the
/// same protocol and reliability, and with the same label behind which the sender's name stands (`ForwardedLabel`).
/// Messages are forwarded as they are, so that nobody needs an envelope to know who sent what, and the messages of one
/// sender do not wait for those of another.
///
/// What waits for a slow receiver is bounded:
/// - An unreliable message is dropped for this receiver while `lossyLimit` waits on its channel: a newer one will come.
/// - A reliable one is held until less than `reliableLimit` waits for every receiver of it. Meanwhile nothing more is
///   read from its sender, whose window closes (RFC 9260 §6.2): nothing is lost, and nothing grows. The window is that
///   of the association, so that everything of this sender waits, and it waits for the slowest receiver.
final class DataForwarder {
  /// As little as LiveKit's SFU lets wait on a lossy channel before it looks whether to drop.
  static let lossyLimit = 8 << 10
  /// Of all channels of a receiver.
  static let reliableLimit = 1 << 20
  /// Above this nothing unreliable is added either, so that many senders together stay below what may wait on an
  /// association.
  static let totalLimit = 4 << 20

  /// A participant whose association is up.
  private final class Member {
    let connection: Connection
    var producers: [Producer] = []
    /// What was read and is not forwarded; those before `first` are.
    private var inbox: [Item] = []
    private var first = 0
    private(set) var waitingBytes = 0
    /// Whether it stands in the queue of those who have something to be forwarded.
    var isQueued = false
    /// Whether nothing is read from it.
    var isHeld = false

    init(_ connection: Connection) { self.connection = connection }

    var next: Item? { first < inbox.count ? inbox[first] : nil }

    func append(_ item: Item) {
      inbox.append(item)
      waitingBytes += item.byteCount
    }

    func removeFirst() {
      waitingBytes -= inbox[first].byteCount
      first += 1
      guard first == inbox.count || first >= 64 && first * 2 >= inbox.count else { return }
      inbox.removeFirst(first)
      first = 0
    }
  }

  /// A channel that is sent on.
  private final class Producer {
    let channel: DataChannel
    var consumers: [Consumer] = []

    init(_ channel: DataChannel) { self.channel = channel }

    var isReliable: Bool { channel.reliability == .reliable }
  }

  /// A channel of a receiver.
  private struct Consumer {
    let connection: Connection
    let channel: Int
  }

  private enum Item {
    case message(Producer, DataChannelMessage)
    /// The sender has closed the channel, or has left.
    case end(Producer)

    var byteCount: Int {
      switch self {
      case .message(_, let message): message.byteCount
      case .end: 0
      }
    }
  }

  private let connections: ConnectionSet
  /// In the order of joining.
  private var members: [Member] = []
  /// Those of all members, and those that have ended of which something is still to be forwarded.
  private var producers: [Producer] = []
  /// Those who have something to be forwarded; they take turns.
  @exclusivity(unchecked) private var queue: [Member] = []
  /// Connections that want something done.
  @exclusivity(unchecked) private var touched: [Connection] = []
  private(set) var report = DataForwardingReport()

  init(_ connections: ConnectionSet) { self.connections = connections }

  /// Follows what the channels of a connection tell; `settle` does what comes of it.
  func handle(_ event: DataChannelEvent, of connection: Connection, at now: Instant) {
    switch event {
    case .announced(let channel): announce(channel, of: connection, at: now)
    case .message(let channel, let message): receive(message, on: channel, of: connection)
    case .closing(let channel), .closed(let channel): closed(channel, of: connection)
    case .opened, .bufferedAmountLow: break
    }
  }

  /// Forgets a participant who has hung up or cannot be reached: what came of him before is still forwarded, then his
  /// channels are closed at the others.
  func leave(_ connection: Connection) {
    guard let member = known(connection) else { return }
    members.removeAll { $0 === member }
    for producer in member.producers { enqueue(.end(producer), of: member) }
    member.producers = []
    for producer in producers { producer.consumers.removeAll { $0.connection === connection } }
  }

  /// Forwards what can be forwarded.
  ///
  /// - Parameter finish: finishes a connection that wants something done; what it tells comes to `handle`.
  func settle(at now: Instant, _ finish: (Connection) -> Void) {
    var stuck = 0
    while true {
      while !touched.isEmpty { finish(touched.removeFirst()) }
      guard stuck < queue.count else { return }
      let sender = queue.removeFirst()
      guard forwardFirst(of: sender, at: now) else {
        hold(sender, at: now)
        queue.append(sender)
        stuck += 1
        continue
      }
      stuck = 0
      if sender.next != nil {
        queue.append(sender)
      } else {
        sender.isQueued = false
        release(sender, at: now)
      }
    }
  }

  // MARK: Channels

  /// A participant has opened a channel.
  private func announce(_ id: Int, of connection: Connection, at now: Instant) {
    guard let channel = connection.core.dataChannel(id) else { return }
    let member = member(of: connection, at: now)
    // One of each workload: what else a client opens is none of ours, and takes nothing of the others' streams.
    guard DataWorkload(rawValue: channel.label) != nil,
      !member.producers.contains(where: { $0.channel.label == channel.label })
    else { return connection.core.closeDataChannel(id, at: now, into: &connection.output) }
    let producer = Producer(channel)
    member.producers.append(producer)
    producers.append(producer)
    for receiver in members where receiver !== member { consume(producer, of: member, on: receiver.connection, now) }
  }

  private func known(_ connection: Connection) -> Member? { members.first { $0.connection === connection } }

  /// The participant of a connection; a new one gets channels for what the others send on and on.
  private func member(of connection: Connection, at now: Instant) -> Member {
    if let member = known(connection) { return member }
    let joiner = Member(connection)
    connection.forwardsData = true
    for sender in members {
      for producer in sender.producers where DataWorkload(rawValue: producer.channel.label)?.reachesLateJoiners == true
      {
        consume(producer, of: sender, on: connection, now)
      }
    }
    members.append(joiner)
    return joiner
  }

  private func consume(_ producer: Producer, of sender: Member, on connection: Connection, _ now: Instant) {
    let label = ForwardedLabel(label: producer.channel.label, sender: sender.connection.peer)
    // Without a stream, or on a connection that is just closing, there is no channel.
    guard
      let id = try? connection.core.createDataChannel(
        label.description, DataChannelOptions(of: producer.channel), at: now, into: &connection.output),
      connection.core.dataChannel(id)?.state == .open
    else { return }
    producer.consumers.append(Consumer(connection: connection, channel: id))
    touched.append(connection)
  }

  private func closed(_ channel: Int, of connection: Connection) {
    guard let member = known(connection) else { return }
    if let index = member.producers.firstIndex(where: { $0.channel.id == channel }) {
      enqueue(.end(member.producers.remove(at: index)), of: member)
    } else {
      for producer in producers {
        producer.consumers.removeAll { $0.connection === connection && $0.channel == channel }
      }
    }
  }

  // MARK: Messages

  private func receive(_ message: DataChannelMessage, on channel: Int, of connection: Connection) {
    guard let member = known(connection), let producer = member.producers.first(where: { $0.channel.id == channel })
    else { return }
    report.messagesReceived += 1
    enqueue(.message(producer, message), of: member)
    report.largestInbox = max(report.largestInbox, .bytes(member.waitingBytes))
  }

  private func enqueue(_ item: Item, of member: Member) {
    member.append(item)
    guard !member.isQueued else { return }
    member.isQueued = true
    queue.append(member)
  }

  /// Forwards what came first of a sender; says whether it could be done.
  private func forwardFirst(of sender: Member, at now: Instant) -> Bool {
    switch sender.next {
    case .message(let producer, let message):
      guard !producer.isReliable || producer.consumers.allSatisfy({ hasRoom($0.connection) }) else { return false }
      for consumer in producer.consumers { send(message, of: producer, to: consumer, at: now) }
    case .end(let producer):
      for consumer in producer.consumers {
        let connection = consumer.connection
        connection.core.closeDataChannel(consumer.channel, at: now, into: &connection.output)
        touched.append(connection)
      }
      producers.removeAll { $0 === producer }
    case nil: return true
    }
    sender.removeFirst()
    return true
  }

  private func hasRoom(_ receiver: Connection) -> Bool { receiver.core.bufferedAmount < Self.reliableLimit }

  private func send(_ message: DataChannelMessage, of producer: Producer, to consumer: Consumer, at now: Instant) {
    let receiver = consumer.connection
    let isFull =
      receiver.core.bufferedAmount(ofDataChannel: consumer.channel) >= Self.lossyLimit
      || receiver.core.bufferedAmount >= Self.totalLimit
    guard producer.isReliable || !isFull,
      (try? receiver.core.send(message, onDataChannel: consumer.channel, at: now, into: &receiver.output)) != nil
    else {
      report.messagesDropped += 1
      return
    }
    report.messagesForwarded += 1
    report.largestBufferedAmount = max(report.largestBufferedAmount, .bytes(receiver.core.bufferedAmount))
    var slot = connections.processor.reserve(at: now)
    connections.processor.perform(.forwardPacket, in: &slot)
    connections.transmit(receiver, in: &slot)
    connections.setAlarm(receiver)
    if !receiver.output.events.isEmpty { touched.append(receiver) }
  }

  // MARK: Back-pressure

  private func hold(_ sender: Member, at now: Instant) {
    guard !sender.isHeld else { return }
    sender.isHeld = true
    report.holds += 1
    sender.connection.core.setReadsData(false, at: now, into: &sender.connection.output)
  }

  private func release(_ sender: Member, at now: Instant) {
    guard sender.isHeld else { return }
    sender.isHeld = false
    sender.connection.core.setReadsData(true, at: now, into: &sender.connection.output)
    touched.append(sender.connection)
  }
}

/// What a server forwarded on data channels since it began.
public struct DataForwardingReport: Hashable, Sendable {
  public internal(set) var messagesReceived = 0
  /// Each as often as there are receivers to whom it was sent.
  public internal(set) var messagesForwarded = 0
  /// Not sent to a receiver for whom too much waited.
  public internal(set) var messagesDropped = 0
  /// How often a sender was held back, because too much waited for a receiver of what must not be lost.
  public internal(set) var holds = 0
  /// The most that waited for one receiver, of messages that were not yet transmitted.
  public internal(set) var largestBufferedAmount = DataSize.bytes(0)
  /// The most of one sender that had been read and was not forwarded.
  public internal(set) var largestInbox = DataSize.bytes(0)
}
