import RTCPrimitives

/// What stands before the VP8 data of each RTP packet.
///
/// - SeeAlso: RFC 7741 §4.2
public struct VP8PayloadDescriptor: Hashable, Sendable {
  /// A frame counter in one of its two sizes.
  public enum PictureID: Hashable, Sendable {
    /// 7 bits.
    case short(UInt8)
    /// 15 bits.
    case long(UInt16)

    /// The number without its size.
    public var value: UInt16 {
      switch self {
      case .short(let value): UInt16(value & 0x7F)
      case .long(let value): value & 0x7FFF
      }
    }

    /// The number of the next frame, in the same size.
    public var next: PictureID {
      switch self {
      case .short(let value): .short((value &+ 1) & 0x7F)
      case .long(let value): .long((value &+ 1) & 0x7FFF)
      }
    }
  }

  /// The temporal layer of a frame.
  public struct TemporalLayer: Hashable, Sendable {
    /// TID, 0 ... 3.
    public var index: UInt8
    /// Y: the frame depends on the base layer only.
    public var isSynchronizationPoint: Bool

    public init(index: UInt8, isSynchronizationPoint: Bool) {
      self.index = index
      self.isSynchronizationPoint = isSynchronizationPoint
    }
  }

  /// N: the frame can be dropped without harm to others.
  public var isNonReference: Bool
  /// S: the packet begins a partition.
  public var startsPartition: Bool
  /// PID, 0 ... 7: the partition that the packet's first byte belongs to.
  public var partitionIndex: UInt8
  public var pictureID: PictureID?
  /// TL0PICIDX: a counter of base layer frames.
  public var temporalLevelZeroIndex: UInt8?
  public var temporalLayer: TemporalLayer?
  /// KEYIDX, 0 ... 31: a counter of key frames.
  public var keyIndex: UInt8?

  public init(
    startsPartition: Bool, partitionIndex: UInt8 = 0, isNonReference: Bool = false, pictureID: PictureID? = nil,
    temporalLevelZeroIndex: UInt8? = nil, temporalLayer: TemporalLayer? = nil, keyIndex: UInt8? = nil
  ) {
    self.isNonReference = isNonReference
    self.startsPartition = startsPartition
    self.partitionIndex = partitionIndex
    self.pictureID = pictureID
    self.temporalLevelZeroIndex = temporalLevelZeroIndex
    self.temporalLayer = temporalLayer
    self.keyIndex = keyIndex
  }

  /// Parses the descriptor where `reader` stands and moves it to the VP8 data.
  ///
  /// - Throws: `TruncatedInput` when the payload ends inside the descriptor.
  @_lifetime(reader: copy reader)
  public init(parsing reader: inout ByteReader) throws(TruncatedInput) {
    let first = try reader.readUInt8()
    isNonReference = first & 0x20 != 0
    startsPartition = first & 0x10 != 0
    partitionIndex = first & 0x07
    guard first & 0x80 != 0 else { return }
    let present = try reader.readUInt8()
    if present & 0x80 != 0 {
      let high = try reader.readUInt8()
      if high & 0x80 == 0 {
        pictureID = .short(high)
      } else {
        pictureID = .long(UInt16(high & 0x7F) << 8 | UInt16(try reader.readUInt8()))
      }
    }
    if present & 0x40 != 0 { temporalLevelZeroIndex = try reader.readUInt8() }
    if present & 0x30 != 0 {
      let layer = try reader.readUInt8()
      if present & 0x20 != 0 {
        temporalLayer = TemporalLayer(index: layer >> 6, isSynchronizationPoint: layer & 0x20 != 0)
      }
      if present & 0x10 != 0 { keyIndex = layer & 0x1F }
    }
  }

  /// Whether this begins a frame.
  public var startsFrame: Bool { startsPartition && partitionIndex == 0 }

  /// The number of bytes that `write` appends.
  public var size: Int {
    guard hasExtension else { return 1 }
    var size = 2
    switch pictureID {
    case .short: size += 1
    case .long: size += 2
    case nil: break
    }
    if temporalLevelZeroIndex != nil { size += 1 }
    if temporalLayer != nil || keyIndex != nil { size += 1 }
    return size
  }

  /// Appends the descriptor. Values that are too large for their field lose their upper bits.
  public func write(into writer: inout ByteWriter) {
    var first = partitionIndex & 0x07
    if hasExtension { first |= 0x80 }
    if isNonReference { first |= 0x20 }
    if startsPartition { first |= 0x10 }
    writer.append(first)
    guard hasExtension else { return }
    var present: UInt8 = 0
    if pictureID != nil { present |= 0x80 }
    if temporalLevelZeroIndex != nil { present |= 0x40 }
    if temporalLayer != nil { present |= 0x20 }
    if keyIndex != nil { present |= 0x10 }
    writer.append(present)
    switch pictureID {
    case .short(let value): writer.append(value & 0x7F)
    case .long(let value): writer.append(0x8000 | value)
    case nil: break
    }
    if let temporalLevelZeroIndex { writer.append(temporalLevelZeroIndex) }
    guard temporalLayer != nil || keyIndex != nil else { return }
    var layer = (keyIndex ?? 0) & 0x1F
    if let temporalLayer {
      layer |= temporalLayer.index << 6
      if temporalLayer.isSynchronizationPoint { layer |= 0x20 }
    }
    writer.append(layer)
  }

  /// Overwrites the counters of a descriptor, as far as it has them, in a packet whose payload begins at `offset`.
  ///
  /// Their sizes stay as they are; a value that is too large loses its upper bits, and a descriptor that is cut short is left alone.
  /// - Parameters:
  ///   - pictureID: the new PictureID; `nil` leaves it.
  ///   - temporalLevelZeroIndex: the new TL0PICIDX; `nil` leaves it.
  public static func rewrite(
    _ bytes: inout MutableSpan<UInt8>, at offset: Int, pictureID: UInt16?, temporalLevelZeroIndex: UInt8?
  ) {
    guard offset + 2 < bytes.count, bytes[offset] & 0x80 != 0 else { return }
    let present = bytes[offset + 1]
    var place = offset + 2
    if present & 0x80 != 0 {
      let isLong = bytes[place] & 0x80 != 0
      guard place + (isLong ? 1 : 0) < bytes.count else { return }
      if let pictureID {
        if isLong {
          bytes.store(0x8000 | pictureID, at: place)
        } else {
          bytes[place] = UInt8(pictureID & 0x7F)
        }
      }
      place += isLong ? 2 : 1
    }
    guard present & 0x40 != 0, place < bytes.count, let temporalLevelZeroIndex else { return }
    bytes[place] = temporalLevelZeroIndex
  }

  private var hasExtension: Bool {
    pictureID != nil || temporalLevelZeroIndex != nil || temporalLayer != nil || keyIndex != nil
  }
}
