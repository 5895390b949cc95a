import RTCWire

/// The payload types and extension ids of a session: what a number once meant, it means for good.
///
/// All sections share one transport, so that a number means one thing in all of them (RFC 9143 §9).
///
/// - SeeAlso: RFC 3264 §8.3.2, RFC 8285 §5
struct FormatNumbers {
  private var codecs: [RTPCodec] = []
  private var extensions: [HeaderExtensionMap] = []

  /// Starts with what `previous` gave numbers to.
  init(previous: SessionDescription?) {
    for section in previous?.media ?? [] where section.isRTP {
      for codec in section.codecs where !codecs.contains(where: { $0.payloadType == codec.payloadType }) {
        codecs.append(codec)
      }
      for map in section.attributes.headerExtensions where !extensions.contains(where: { $0.id == map.id }) {
        extensions.append(map)
      }
    }
  }

  /// The same codecs with the numbers of this session, giving new ones to those that are new.
  mutating func number(_ wanted: [RTPCodec]) -> [RTPCodec] {
    var renamed: [UInt8: UInt8] = [:]
    var result: [RTPCodec] = []
    for codec in wanted where codec.associatedPayloadType == nil {
      let numbered = number(codec, repairing: nil)
      renamed[codec.payloadType] = numbered.payloadType
      result.append(numbered)
    }
    for (index, codec) in wanted.enumerated() {
      guard let original = codec.associatedPayloadType, let apt = renamed[original] else { continue }
      result.insert(number(codec, repairing: apt), at: min(index, result.count))
    }
    return result
  }

  private mutating func number(_ wanted: RTPCodec, repairing apt: UInt8?) -> RTPCodec {
    var codec = wanted
    if let apt { codec.parameters = "apt=\(apt)" }
    if let known = codecs.first(where: { $0.isSameFormat(as: codec) && $0.associatedPayloadType == apt }) {
      codec.payloadType = known.payloadType
      return codec
    }
    let taken = codecs.map(\.payloadType)
    let free = [codec.payloadType] + Array(96...127) + Array(35...63)
    codec.payloadType = free.first { !taken.contains($0) } ?? codec.payloadType
    codecs.append(codec)
    return codec
  }

  /// The same extensions with the ids of this session.
  mutating func number(_ wanted: [HeaderExtensionMap]) -> [HeaderExtensionMap] {
    wanted.map { map in
      var map = map
      if let known = extensions.first(where: { $0.uri == map.uri }) {
        map.id = known.id
        return map
      }
      let taken = extensions.map(\.id)
      map.id = ([map.id] + Array(1...14)).first { !taken.contains($0) } ?? map.id
      extensions.append(map)
      return map
    }
  }
}
