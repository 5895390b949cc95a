import RTCMedia
import RTCPrimitives
import RTCWire

/// Counts the datagrams of a call by what they are; the same for packets of a simulation and of real sockets.
///
/// It looks at them as they are on the wire: RTP headers are plain there (RFC 3711 §3.1), and what else there is shows
/// in the first two bytes (RFC 7983 §7).
package struct TrafficMeter {
  /// Datagrams of one kind.
  package struct Flow {
    package private(set) var datagrams = 0
    /// Of UDP payload.
    package private(set) var bytes = 0
    private var sizes: [UInt16] = []

    mutating func count(_ size: Int) {
      datagrams += 1
      bytes += size
      sizes.append(UInt16(clamping: size))
    }

    /// Of UDP payload, in bytes; `nil` of none.
    package var meanSize: Double? { datagrams > 0 ? Double(bytes) / Double(datagrams) : nil }

    /// The smallest size that `fraction` of all do not exceed (nearest rank); `nil` of none.
    package func size(percentile fraction: Double) -> Int? {
      guard datagrams > 0 else { return nil }
      let rank = Int((fraction * Double(datagrams)).rounded(.up))
      return Int(sizes.sorted()[min(max(rank, 1), datagrams) - 1])
    }
  }

  /// RTP of one kind of media.
  package struct Media {
    package fileprivate(set) var flow = Flow()
    /// Of RTP payload: what the codec made, and the descriptor before it.
    package fileprivate(set) var payloadBytes = 0
    /// Packets with the marker bit: of video the last of each picture (RFC 7741 §4.1).
    package fileprivate(set) var marked = 0
  }

  package private(set) var audio = Media()
  package private(set) var video = Media()
  package private(set) var rtcp = Flow()
  /// Binding requests: in a call that stands they ask for consent (RFC 7675).
  package private(set) var stunRequests = Flow()
  /// All datagrams, whatever they are.
  package private(set) var all = Flow()
  /// Bytes that SRTP appends to an RTP packet.
  private let tagLength: Int

  package init(tagLength: Int) { self.tagLength = tagLength }

  package mutating func count(_ bytes: Span<UInt8>) {
    all.count(bytes.count)
    switch Demultiplexer.classify(bytes) {
    case .rtp: countMedia(bytes)
    case .rtcp: rtcp.count(bytes.count)
    case .stun:
      // The class bits of the message type (RFC 8489 §5).
      if bytes.count > 1, bytes[0] & 0x01 == 0, bytes[1] & 0x10 == 0 { stunRequests.count(bytes.count) }
    case .dtls, .turnChannel, .zrtp, .quic, .unknown: break
    }
  }

  private mutating func countMedia(_ bytes: Span<UInt8>) {
    let packet: RTPPacket
    // What does not parse is in `all` alone.
    do throws(RTPError) { packet = try RTPPacket(parsing: bytes) } catch { return }
    let payload = max(0, packet.payloadRange.count - tagLength)
    switch packet.header.payloadType {
    case Codecs.video[0].payloadType: video.count(bytes.count, payload, packet.header.marker)
    case Codecs.audio[0].payloadType: audio.count(bytes.count, payload, packet.header.marker)
    default: break
    }
  }
}

extension TrafficMeter.Media {
  fileprivate mutating func count(_ size: Int, _ payload: Int, _ marker: Bool) {
    flow.count(size)
    payloadBytes += payload
    if marker { marked += 1 }
  }
}
