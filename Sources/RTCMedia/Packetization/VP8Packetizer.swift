public import RTCWire

/// Splits coded VP8 frames into RTP payloads of about equal size, as libwebrtc does.
///
/// - SeeAlso: RFC 7741 §4.2
public struct VP8Packetizer: Sendable {
  /// The largest RTP payload, descriptor included, in bytes.
  public let maximumPayloadSize: Int
  /// The number of the next frame, 15 bits.
  public private(set) var pictureID: UInt16
  /// TL0PICIDX: how many frames of the base layer there have been, 8 bits.
  private var baseLayerIndex: UInt8

  /// The descriptor with a PictureID of 15 bits, TL0PICIDX and TID; without temporal layers it is shorter.
  private static let largestDescriptor = 6

  /// - Parameters:
  ///   - maximumPayloadSize: what remains of the largest packet after the RTP header and its extensions.
  ///   - pictureID: the number of the first frame; it should be random, and so TL0PICIDX begins at its lower half.
  /// - Precondition: there is room for the descriptor and one byte.
  public init(maximumPayloadSize: Int, pictureID: UInt16) {
    precondition(maximumPayloadSize > Self.largestDescriptor, "room for the descriptor and one byte")
    self.maximumPayloadSize = maximumPayloadSize
    self.pictureID = pictureID & 0x7FFF
    baseLayerIndex = UInt8(truncatingIfNeeded: pictureID)
  }

  /// The packets of the next frame, in order.
  public mutating func packets(of frame: EncodedFrame) -> VP8Packets {
    defer { pictureID = (pictureID &+ 1) & 0x7FFF }
    if frame.temporalLayer?.id == 0 { baseLayerIndex &+= 1 }
    return VP8Packets(
      frame: frame, pictureID: pictureID, baseLayerIndex: baseLayerIndex, maximumPayloadSize: maximumPayloadSize)
  }
}

/// One RTP payload of a VP8 frame: the descriptor, and which bytes of the frame follow it.
public struct VP8Packet: Hashable, Sendable {
  public let descriptor: VP8PayloadDescriptor
  /// The bytes that exist, in the encoder's output buffer.
  public let stored: Range<Int>
  /// How many bytes follow `stored` without existing.
  public let elided: Int
  /// Whether this is the frame's last packet: the RTP marker bit (RFC 7741 §4.1).
  public let isLast: Bool

  /// The size of the payload on the wire, descriptor included.
  public var payloadSize: Int { descriptor.size + stored.count + elided }
}

/// The packets of one frame, computed on access: no memory of its own.
public struct VP8Packets: RandomAccessCollection, Sendable {
  private let frame: EncodedFrame
  private let pictureID: UInt16
  private let baseLayerIndex: UInt8
  public let endIndex: Int

  public var startIndex: Int { 0 }

  init(frame: EncodedFrame, pictureID: UInt16, baseLayerIndex: UInt8, maximumPayloadSize: Int) {
    self.frame = frame
    self.pictureID = pictureID
    self.baseLayerIndex = baseLayerIndex
    let descriptor = VP8PayloadDescriptor(frame, startsPartition: true, pictureID: pictureID, baseLayerIndex)
    let largestFragment = maximumPayloadSize - descriptor.size
    endIndex = (frame.size.bytes + largestFragment - 1) / largestFragment
  }

  public subscript(index: Int) -> VP8Packet {
    precondition(0..<endIndex ~= index, "packet \(index) of \(endIndex)")
    let (begin, end) = (offset(of: index), offset(of: index + 1))
    let stored = frame.stored.count
    return VP8Packet(
      descriptor: VP8PayloadDescriptor(frame, startsPartition: index == 0, pictureID: pictureID, baseLayerIndex),
      stored: frame.stored.lowerBound + Swift.min(begin, stored)..<frame.stored.lowerBound + Swift.min(end, stored),
      elided: Swift.max(0, end - Swift.max(begin, stored)), isLast: index == endIndex - 1)
  }

  /// Where a packet begins in the frame: sizes differ by at most one byte, the larger ones come last.
  private func offset(of index: Int) -> Int {
    let (size, larger) = frame.size.bytes.quotientAndRemainder(dividingBy: endIndex)
    return index * size + Swift.max(0, index - (endIndex - larger))
  }
}

extension VP8PayloadDescriptor {
  /// As libwebrtc writes it: TL0PICIDX, TID, Y and N of a stream with temporal layers, never KEYIDX.
  fileprivate init(_ frame: EncodedFrame, startsPartition: Bool, pictureID: UInt16, _ baseLayerIndex: UInt8) {
    self.init(startsPartition: startsPartition, pictureID: .long(pictureID))
    guard let layer = frame.temporalLayer else { return }
    isNonReference = layer.isDiscardable
    temporalLevelZeroIndex = baseLayerIndex
    temporalLayer = TemporalLayer(index: layer.id, isSynchronizationPoint: layer.isSwitchingPoint)
  }
}
