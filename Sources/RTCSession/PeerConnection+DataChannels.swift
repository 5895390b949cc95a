public import RTCPrimitives
import RTCTransport
import RTCWire

/// Data channels: SCTP over the DTLS connection of the transport.
///
/// - SeeAlso: RFC 8831, RFC 8832, RFC 8841, W3C webrtc-pc §6
extension PeerConnection {
  /// Makes a data channel and gives its number. The first one needs a negotiation (see `updateNegotiationNeeded`).
  ///
  /// - Throws: `DataChannelError`, named as the W3C names it.
  /// - SeeAlso: W3C webrtc-pc `createDataChannel()`
  public mutating func createDataChannel(
    _ label: String, _ options: DataChannelOptions = DataChannelOptions(), at now: Instant,
    into output: inout Output<Event>
  ) throws(DataChannelError) -> Int {
    guard configuration.transport.sctp != nil else { throw .unavailable }
    guard signaling.state != .closed else { throw .connectionClosed }
    let id = try dataChannels.create(label: label, options, at: now, into: &dataEvents)
    offersData = true
    flushData(at: now, into: &output)
    return id
  }

  /// Sends a message on a channel that is open, or has it wait for room.
  ///
  /// - Throws: `DataChannelError`, named as the W3C names it.
  public mutating func send(
    _ message: DataChannelMessage, onDataChannel id: Int, at now: Instant, into output: inout Output<Event>
  ) throws(DataChannelError) {
    // What was told before a refusal still has to go out.
    defer { flushData(at: now, into: &output) }
    try dataChannels.send(message, on: id, at: now, into: &dataEvents)
  }

  /// Closes a channel once what was sent on it has gone.
  public mutating func closeDataChannel(_ id: Int, at now: Instant, into output: inout Output<Event>) {
    dataChannels.close(id, at: now, into: &dataEvents)
    flushData(at: now, into: &output)
  }

  /// Sets at how many bytes that still wait `bufferedAmountLow` is told; negative numbers count as 0.
  public mutating func setBufferedAmountLowThreshold(_ bytes: Int, ofDataChannel id: Int) {
    dataChannels.setThreshold(bytes, of: id)
  }

  /// Bytes of messages of a channel that were not yet transmitted; 0 for one that is closed.
  public func bufferedAmount(ofDataChannel id: Int) -> Int { dataChannels.bufferedAmount(of: id) }

  /// Bytes of messages of all channels that were not yet transmitted.
  public var bufferedAmount: Int { dataChannels.bufferedAmount }

  /// Says whether what the peer sends on data channels is taken, as it is at first.
  ///
  /// As long as it is not, it fills the receive window of the association, of all its channels, and the peer has to wait:
  /// how a server holds a sender back without losing anything. The association must have begun.
  /// - SeeAlso: RFC 9260 §6.2 (`a_rwnd`)
  public mutating func setReadsData(_ isReading: Bool, at now: Instant, into output: inout Output<Event>) {
    dataChannels.setReading(isReading, at: now, into: &dataEvents)
    flushData(at: now, into: &output)
  }

  /// A channel; `nil` when it is closed or never was.
  public func dataChannel(_ id: Int) -> DataChannel? { dataChannels[id] }

  /// The channels that are not closed, the oldest first.
  public var openDataChannels: [DataChannel] { dataChannels.ids.compactMap { dataChannels[$0] } }

  /// How many channels have been opened, and how many of those are closed.
  ///
  /// - SeeAlso: W3C webrtc-stats `RTCPeerConnectionStats`
  public var dataChannelCounts: (opened: Int, closed: Int) { (dataChannels.opened, dataChannels.closed) }

  // MARK: Negotiation

  /// Whether a section of data channels is agreed on.
  var isDataInUse: Bool { agreedData != nil }

  mutating func assignDataMid(avoiding media: [String]) {
    guard dataMid == nil else { return }
    let taken = media + (signaling.currentLocal?.media.compactMap(\.attributes.mid) ?? [])
    var number = 0
    while taken.contains(String(number)) { number += 1 }
    dataMid = String(number)
  }

  /// Takes the section of data channels that the peer offers as ours.
  mutating func associateData(with offer: SessionDescription) {
    guard configuration.transport.sctp != nil, !isDataInUse,
      let section = offer.media.first(where: { $0.isData && !$0.isRejected })
    else { return }
    dataMid = section.attributes.mid
  }

  /// Follows what was agreed on; a section that was rejected ends all channels.
  mutating func apply(_ data: NegotiatedData?, at now: Instant, into output: inout Output<Event>) {
    if let data {
      if agreedData == nil { agreedData = data }
      startDataChannels(at: now, into: &output)
    } else if dataMid != nil, signaling.state == .stable, isDataInUse || isDataRejected {
      dataChannels.close(at: now, into: &dataEvents)
      offersData = false
      flushData(at: now, into: &output)
    }
  }

  /// Whether a section of data channels was offered and refused.
  private var isDataRejected: Bool { signaling.currentLocal?.media.contains { $0.attributes.mid == dataMid } ?? false }

  /// Begins the association once there are keys and an agreement.
  mutating func startDataChannels(at now: Instant, into output: inout Output<Event>) {
    guard let agreedData, let stack = configuration.transport.sctp, let role = transport.localDTLSRole,
      transport.isReady, !dataChannels.hasAssociation
    else { return }
    var sctp = SCTPConfiguration()
    sctp.localPort = agreedData.localPort
    sctp.remotePort = agreedData.remotePort
    sctp.mtu = configuration.transport.dtls.maxMessageSize & ~3
    sctp.remoteMaxMessageSize = agreedData.remoteMaxMessageSize
    dataChannels.start(UsrsctpAssociation(sctp, on: stack), role: role, at: now, into: &dataEvents)
    flushData(at: now, into: &output)
  }

  // MARK: Packets

  /// Hands the SCTP packets that came to the association.
  mutating func receiveData(at now: Instant, into output: inout Output<Event>) {
    transport.drainPackets { dataChannels.handle($0, at: now, into: &dataEvents) }
    flushData(at: now, into: &output)
  }

  /// Passes on what the data channels want done.
  mutating func flushData(at now: Instant, into output: inout Output<Event>) {
    dataChannels.drainPackets { transport.sendPacket($0, at: now, into: &output.datagrams) }
    for event in dataEvents { output.emit(.dataChannel(event)) }
    dataEvents.removeAll(keepingCapacity: true)
  }
}
