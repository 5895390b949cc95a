import RTCPrimitives

/// One of the streams that a source can be forwarded as: an encoding, and the temporal layers up to one.
package struct ForwardedLayer: Hashable, Comparable, Sendable {
  package var encoding: Int
  package var temporal: Int

  package init(encoding: Int, temporal: Int) {
    self.encoding = encoding
    self.temporal = temporal
  }

  package static func < (left: ForwardedLayer, right: ForwardedLayer) -> Bool {
    (left.encoding, left.temporal) < (right.encoding, right.temporal)
  }
}

/// Divides what a receiver's link carries among the pictures that he sees.
///
/// First everybody's lowest step, in the order of who had the floor; then one step more for each in turn, as long as there is
/// room. What does not fit is paused. A step up from what is forwarded needs 15 % of it more room, and a picture that begins
/// needs twice its rate, for it does with a key frame; what is forwarded stays until the estimate falls short of it by 15 %: so
/// pictures do not flicker between two sizes.
///
/// - SeeAlso: Jitsi's `BandwidthAllocator` (its `bweChangeThreshold` is the 15 %), LiveKit's `StreamAllocator`, and mediasoup's
///   `Transport::DistributeAvailableOutgoingBitrate`
package struct ForwardingAllocator {
  /// One picture that is to be seen.
  package struct Request: Hashable, Sendable {
    /// Up to the one that its tile wants; at least one.
    package var steps: ForwardingSteps
    /// What it is forwarded as now; `nil` while it is paused.
    package var current: ForwardedLayer?

    package init(steps: ForwardingSteps, current: ForwardedLayer?) {
      self.steps = steps
      self.current = current
    }
  }

  package struct Allocation: Hashable, Sendable {
    /// What each picture is forwarded as; `nil` for one that is paused.
    package var layers: [ForwardedLayer?]
    package var used = DataRate.zero
    /// What everything that is wanted takes.
    package var wanted = DataRate.zero
    /// What must fit for the next step up; `nil` where everything fits.
    package var next: DataRate?
  }

  package static let headroom = 0.15
  /// The same for a picture that begins again, with a key frame.
  package static let beginning = 1.0

  package static func allocate(_ budget: DataRate, among requests: [Request]) -> Allocation {
    var allocation = Allocation(layers: Array(repeating: nil, count: requests.count))
    var places = Array(repeating: -1, count: requests.count)

    /// Takes one step up with a picture, if there is room.
    func raise(_ index: Int) -> Bool {
      let (request, place) = (requests[index], places[index] + 1)
      let steps = request.steps.useful
      guard place < steps.count else { return false }
      let step = steps[place]
      let total = allocation.used + step.rate - (place > 0 ? steps[place - 1].rate : .zero)
      let isKept = request.current.map { request.steps.isKept(step, beside: $0) } ?? false
      let margin = request.current == nil && place == 0 ? beginning : headroom
      let needed = isKept ? total.scaled(by: 1 / (1 + headroom)) : total + step.rate.scaled(by: margin)
      guard needed <= budget else {
        allocation.next = min(allocation.next ?? needed, needed)
        return false
      }
      places[index] = place
      allocation.used = total
      allocation.layers[index] = step.layer
      return true
    }

    allocation.wanted = requests.reduce(.zero) { $0 + ($1.steps.useful.last?.rate ?? .zero) }
    var open = requests.indices.filter { raise($0) }
    while !open.isEmpty { open = open.filter { raise($0) } }
    return allocation
  }
}
