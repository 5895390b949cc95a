import RTCMedia
import RTCPrimitives
import RTCSession

/// Who sees whom, and how large.
extension SelectiveForwarder {
  /// The share of an encoding's rate that its temporal layers take up to each, before it was measured: as libwebrtc divides
  /// it (`simulcast_rate_allocator.h`).
  private static let shares: [[Double]] = [[1], [0.6, 1], [0.4, 0.6, 1], [0.25, 0.4, 0.6, 1]]

  /// Gives a receiver what his estimate allows.
  func allocate(_ receiver: ForwardingReceiver, at now: Instant) {
    let connection = receiver.connection
    guard let control = connection.core.control, let estimate = control.decision?.target else { return }
    let seen = visible(to: receiver)
    let heard = sound.isSent(0, at: now) ? sound.rate(of: ForwardedLayer(encoding: 0, temporal: 0)) ?? .zero : .zero
    let requests = seen.enumerated().map { place, slot in
      let height = settings.tileHeight(of: place, among: seen.count)
      return ForwardingAllocator.Request(
        steps: steps(of: slot.source, forTile: height, at: now), current: slot.read { $0.current })
    }
    // Sound comes first.
    let budget = DataRate.bitsPerSecond(max(0, estimate.bitsPerSecond - heard.bitsPerSecond))
    let allocation = ForwardingAllocator.allocate(budget, among: requests)
    var visibility = Array(repeating: SourceVisibility.hidden, count: sources.count)
    for (slot, layer) in zip(seen, allocation.layers) {
      visibility[slot.source.person] = layer == nil ? .paused : .forwarded
      slot.wanted = layer
      slot.stream.target = layer.map { available($0, of: slot.source, at: now) }
    }
    for slot in receiver.slots.lazy.compactMap(\.self) where visibility[slot.source.person] == .hidden {
      slot.wanted = nil
      slot.stream.target = nil
    }
    control.setAllocated(heard + allocation.wanted, at: now)
    control.setPadding(allocation.next.map { heard + $0 } ?? .zero, at: now)
    connections.setAlarm(connection)
    for slot in seen {
      guard let encoding = slot.read({ $0.awaited }), slot.source.meter.isSent(encoding, at: now) else { continue }
      requestKeyFrame(of: slot.source, encoding, at: now)
    }
    tell(receiver, visibility)
  }

  /// Gives those who see a source something else at once: he sends one of his sizes no more, or another in its place, whose key
  /// frame is at hand.
  ///
  /// Not so whatever else begins: on an uplink that hardly carries it, it may soon end.
  func allocateViewers(of source: ForwardedSource, at now: Instant) {
    source.steps.removeAll(keepingCapacity: true)
    for slot in source.viewers where slot.wanted != nil {
      if let receiver = receivers.first(where: { $0.connection === slot.connection }) { allocate(receiver, at: now) }
    }
  }

  /// The pictures that a receiver is to see: of the others who had the floor last.
  private func visible(to receiver: ForwardingReceiver) -> [ForwardingSlot] {
    var seen: [ForwardingSlot] = []
    for person in speakers.order where seen.count < settings.lastN {
      guard let slot = receiver.slot(of: person), slot.source.connection != nil, slot.source.videoLine != nil else {
        continue
      }
      seen.append(slot)
    }
    return seen
  }

  /// What a source can be forwarded as, which is the same for all tiles of a height in a round.
  private func steps(of source: ForwardedSource, forTile height: Int, at now: Instant) -> ForwardingSteps {
    if let known = source.steps.first(where: { $0.tile == height }) { return known.steps }
    let steps = ForwardingSteps(layers(of: source, forTile: height, at: now))
    source.steps.append((height, steps))
    return steps
  }

  /// What a source sends, and what he was not asked for and can be.
  private func layers(
    of source: ForwardedSource, forTile height: Int, at now: Instant
  ) -> [ForwardingSteps.Step] {
    let tile = settings.encoding(forTile: height)
    var encodings = (0...tile).filter { source.meter.isSent($0, at: now) || source.demand.mayBeHad($0) }
    if encodings.isEmpty { encodings = [0] }
    return encodings.flatMap { encoding in
      let layers = source.meter.layers(of: encoding)
      let used = encoding == encodings.last ? settings.temporalLayers(forTile: height, of: layers) : layers
      let known = encoding < settings.encodings.count ? settings.encodings[encoding] : nil
      return (0..<used).map { temporal in
        let layer = ForwardedLayer(encoding: encoding, temporal: temporal)
        let rate = source.meter.rate(of: layer) ?? known?.rate.scaled(by: Self.shares[layers - 1][temporal]) ?? .zero
        let frames = 1 / Double(1 << (layers - 1 - temporal))
        return ForwardingSteps.Step(
          layer, rate, utility: ForwardingSteps.utility(height: known?.height ?? 1, frameShare: frames))
      }
    }
  }

  /// The same, or the best below it that the source sends at the moment.
  private func available(_ layer: ForwardedLayer, of source: ForwardedSource, at now: Instant) -> ForwardedLayer {
    guard !source.meter.isSent(layer.encoding, at: now) else { return layer }
    for encoding in stride(from: layer.encoding - 1, through: 0, by: -1) where source.meter.isSent(encoding, at: now) {
      return ForwardedLayer(encoding: encoding, temporal: source.meter.layers(of: encoding) - 1)
    }
    return layer
  }

  // MARK: What is told

  /// Tells a receiver whose picture is forwarded to him now, and whose no longer.
  private func tell(_ receiver: ForwardingReceiver, _ visibility: [SourceVisibility]) {
    var changes: [SourceChange] = []
    for source in sources {
      guard let slot = receiver.slot(of: source.person), slot.told != visibility[source.person] else { continue }
      slot.told = visibility[source.person]
      changes.append(SourceChange(source: source.name, visibility: slot.told))
    }
    if !changes.isEmpty { outbox.append((.selection(changes), receiver.name)) }
  }

  /// Tells the sources which of their encodings anybody sees.
  func tellSources(at now: Instant) {
    for source in sources where source.connection != nil && source.videoLine != nil {
      var seen = source.demand.asked.map { _ in false }
      for slot in source.viewers {
        if let encoding = slot.wanted?.encoding, encoding < seen.count { seen[encoding] = true }
      }
      let sent = seen.indices.map { source.meter.isSent($0, at: now) }
      guard source.demand.update(seen: seen, sent: sent, at: now) else { continue }
      let asked = source.demand.asked
      outbox.append((.encodingsWanted(asked.indices.filter { asked[$0] }), source.name))
    }
  }
}
