import RTCMedia
import RTCPrimitives
import RTCSession
import RTCWire

/// One participant as a unit that selects sees him: what he sends, and to whom it goes.
final class ForwardedSource {
  /// A receiver of his sound.
  struct Listener {
    /// Not counted: the unit keeps its connections and their senders for as long as it lives.
    let connection: Unmanaged<Connection>
    let sender: Unmanaged<RTPStreamSender>
    let offset: UInt16
  }

  let name: String
  let person: Int
  /// Where his media come from; `nil` before he is there and after he has left.
  var connection: Connection?
  var videoLine: Int?
  @exclusivity(unchecked) var encodings: [ForwardedEncoding] = []
  @exclusivity(unchecked) var meter = LayerMeter()
  @exclusivity(unchecked) var viewers: [ForwardingSlot] = [] {
    didSet { places = viewers.map(ForwardingSlot.Place.init) }
  }
  /// Where the viewers lie in memory.
  @exclusivity(unchecked) private(set) var places: [ForwardingSlot.Place] = []
  @exclusivity(unchecked) var listeners: [Listener] = []
  @exclusivity(unchecked) var heard = HeardStream()
  /// Which of his encodings he is asked for.
  var demand: EncodingDemand
  /// What he can be forwarded as in tiles of some heights, found out in this round of allocations.
  @exclusivity(unchecked) var steps: [(tile: Int, steps: ForwardingSteps)] = []

  /// - Parameter encodingCount: how many encodings are expected of him.
  init(name: String, person: Int, encodingCount: Int) {
    self.name = name
    self.person = person
    demand = EncodingDemand(count: encodingCount)
    encodings = (0..<LayerMeter.largestEncodingCount).map { _ in ForwardedEncoding() }
  }

  /// How much later one frame was captured than another; `nil` before the clocks of both encodings are known.
  func elapsed(from last: UInt32, of encoding: Int, to timestamp: UInt32, of other: Int) -> Duration? {
    guard let before = encodings[encoding].captured(last), let after = encodings[other].captured(timestamp) else {
      return nil
    }
    return after - before
  }
}

/// One size of somebody's picture.
final class ForwardedEncoding {
  /// The last packets, for all who are sent them again, and for a stream that begins with a key frame of which the first
  /// packet came late.
  let packets = SharedPackets()
  @exclusivity(unchecked) var newest: SequenceNumber?
  /// What its sender report says of its clock.
  @exclusivity(unchecked) var clock: (timestamp: UInt32, captured: Instant)?

  /// When the frame with this timestamp was captured.
  func captured(_ timestamp: UInt32) -> Instant? {
    guard let clock else { return nil }
    let ticks = Int64(Int32(bitPattern: timestamp &- clock.timestamp))
    return clock.captured + .nanoseconds(ticks * 100_000 / 9)
  }
}

/// One person's picture at one receiver.
final class ForwardingSlot {
  /// Where a slot and what forwarding touches next to it lie, to be fetched into the cache ahead: of a hundred receivers none is
  /// there any more.
  struct Place {
    private let slot: UnsafeRawPointer
    private let sender: UnsafeRawPointer

    init(_ slot: ForwardingSlot) {
      self.slot = UnsafeRawPointer(Unmanaged.passUnretained(slot).toOpaque())
      sender = UnsafeRawPointer(Unmanaged.passUnretained(slot.sender).toOpaque())
    }

    func prefetch() {
      RTCPrimitives.prefetch(slot, bytes: 320)
      RTCPrimitives.prefetch(sender, bytes: 512)
    }
  }

  /// What the receiver was told of it.
  var told = SourceVisibility.hidden
  let connection: Connection
  let transceiver: Int
  let sender: RTPStreamSender
  let source: ForwardedSource
  @exclusivity(unchecked) var stream: ForwardedStream
  /// What it could be if the source sent everything.
  var wanted: ForwardedLayer?

  init(_ connection: Connection, _ transceiver: Int, _ sender: RTPStreamSender, of source: ForwardedSource) {
    self.connection = connection
    self.transceiver = transceiver
    self.sender = sender
    self.source = source
    stream = ForwardedStream(after: sender.firstNumber)
  }

  /// Reads of the stream where it lies: what is read of a property is a copy otherwise.
  func read<Value>(_ body: (inout ForwardedStream) -> Value) -> Value { body(&stream) }

  /// Forwards nothing until something is wanted again.
  func release() {
    wanted = nil
    stream.target = nil
    stream.interrupt()
  }
}

/// One who sees and hears the others.
final class ForwardingReceiver {
  let connection: Connection
  let name: String
  /// The others' pictures, by their numbers; `nil` where there is none, and for himself.
  private(set) var slots: [ForwardingSlot?] = []
  /// Whose sound he may hear.
  private(set) var listening: [(source: ForwardedSource, listener: ForwardedSource.Listener)] = []

  init(_ connection: Connection) {
    self.connection = connection
    name = connection.peer
  }

  func add(_ slot: ForwardingSlot) {
    while slots.count <= slot.source.person { slots.append(nil) }
    slots[slot.source.person] = slot
  }

  func listen(to source: ForwardedSource, with sender: RTPStreamSender) {
    let listener = ForwardedSource.Listener(
      connection: .passUnretained(connection), sender: .passUnretained(sender), offset: sender.firstNumber.rawValue)
    listening.append((source, listener))
  }

  func slot(of person: Int) -> ForwardingSlot? { person < slots.count ? slots[person] : nil }
}

/// Whether a person's picture is shown to somebody.
public enum SourceVisibility: String, Hashable, Sendable {
  /// It is not to be seen, because others had the floor more recently.
  case hidden
  /// It is to be seen, but the receiver's link carries no more.
  case paused
  case forwarded
}
