import RTCPrimitives
import RTCTransport
import RTCWire
import TestSupport

@testable import RTCSession

/// What the data channels of one side of a `ConnectedPair` told.
extension ConnectedPair.Side {
  var dataEvents: [DataChannelEvent] {
    events.compactMap { if case .dataChannel(let event) = $0 { event } else { nil } }
  }

  func channel(_ id: Int) -> DataChannel? { core.dataChannel(id) }

  func buffered(_ id: Int) -> Int { core.bufferedAmount(ofDataChannel: id) }

  func messages(on id: Int) -> [DataChannelMessage] {
    dataEvents.compactMap { if case .message(id, let message) = $0 { message } else { nil } }
  }

  /// The channels that the peer has opened, the oldest first.
  var announced: [Int] {
    dataEvents.compactMap { if case .announced(let id) = $0 { id } else { nil } }
  }
}

extension ConnectedPair {
  @discardableResult
  func makeChannel(
    _ side: Int, _ label: String = "data", configure: (inout DataChannelOptions) -> Void = { _ in }
  ) throws(DataChannelError) -> Int {
    var options = DataChannelOptions()
    configure(&options)
    return try sides[side].core.createDataChannel(label, options, at: now, into: &sides[side].output)
  }

  func send(_ side: Int, _ message: DataChannelMessage, on id: Int) throws(DataChannelError) {
    try sides[side].core.send(message, onDataChannel: id, at: now, into: &sides[side].output)
  }

  func closeChannel(_ side: Int, _ id: Int) {
    sides[side].core.closeDataChannel(id, at: now, into: &sides[side].output)
  }

  /// Two sides with one channel that side 0 has made; what it is called on each.
  static func withChannel(
    seed: UInt64 = 1, configure: (inout DataChannelOptions) -> Void = { _ in }
  ) throws -> (pair: ConnectedPair, a: Int, b: Int) {
    let pair = try ConnectedPair(seed: seed)
    let id = try pair.makeChannel(0, configure: configure)
    try pair.connect()
    pair.run(for: .milliseconds(500))
    return (pair, id, pair.b.announced.first ?? -1)
  }
}
