public import RTCPrimitives

/// A session description as a value: what was parsed is written again in the same order.
///
/// ```swift
/// let offer = try SessionDescription(parsing: text)
/// for media in offer.media { print(media.kind, media.attributes.mid ?? "-", offer.direction(of: media)) }
/// ```
/// - SeeAlso: RFC 8866, RFC 9429
public struct SessionDescription: Hashable, Sendable {
  /// The `o=` line (RFC 8866 §5.2).
  public struct Origin: Hashable, Sendable {
    public var username: String
    public var sessionID: UInt64
    public var sessionVersion: UInt64
    public var address: ConnectionData

    /// The origin that RFC 9429 §5.2.1 asks for: no user name, and an address that tells nothing.
    public init(
      username: String = "-", sessionID: UInt64, sessionVersion: UInt64, address: ConnectionData = .unspecified
    ) {
      self.username = username
      self.sessionID = sessionID
      self.sessionVersion = sessionVersion
      self.address = address
    }
  }

  /// A `t=` line with the `r=` and `z=` lines that follow it (RFC 8866 §5.9 to §5.11).
  public struct Timing: Hashable, Sendable {
    /// NTP seconds; 0 and 0 stand for a session without limits.
    public var start: UInt64
    public var stop: UInt64
    public var repeats: [String] = []
    public var timeZones: String?

    public init(start: UInt64 = 0, stop: UInt64 = 0) {
      self.start = start
      self.stop = stop
    }
  }

  public var origin: Origin
  public var name: String
  public var information: String?
  public var uri: String?
  public var emails: [String] = []
  public var phones: [String] = []
  public var connection: ConnectionData?
  public var bandwidths: [Bandwidth] = []
  public var timings: [Timing]
  public var key: String?
  public var attributes: [SDPAttribute]
  public var media: [MediaDescription]

  public init(origin: Origin, name: String = "-", attributes: [SDPAttribute] = [], media: [MediaDescription] = []) {
    self.origin = origin
    self.name = name
    timings = [Timing()]
    self.attributes = attributes
    self.media = media
  }

  /// Appends the lines, each ended by CRLF.
  public func write(into writer: inout ByteWriter) {
    writer.append("v=0\r\no=\(origin.username) \(origin.sessionID) \(origin.sessionVersion) ")
    origin.address.write(into: &writer)
    writer.append("\r\ns=\(name)\r\n")
    if let information { writer.append("i=\(information)\r\n") }
    if let uri { writer.append("u=\(uri)\r\n") }
    for email in emails { writer.append("e=\(email)\r\n") }
    for phone in phones { writer.append("p=\(phone)\r\n") }
    if let connection {
      writer.append("c=")
      connection.write(into: &writer)
      writer.append("\r\n")
    }
    for bandwidth in bandwidths { bandwidth.write(into: &writer) }
    for timing in timings {
      writer.append("t=\(timing.start) \(timing.stop)\r\n")
      for line in timing.repeats { writer.append("r=\(line)\r\n") }
      if let zones = timing.timeZones { writer.append("z=\(zones)\r\n") }
    }
    if let key { writer.append("k=\(key)\r\n") }
    for attribute in attributes { attribute.writeLine(into: &writer) }
    for section in media { section.write(into: &writer) }
  }
}

extension SessionDescription: CustomStringConvertible {
  /// The text as it is sent, with CRLF.
  public var description: String {
    var writer = ByteWriter()
    write(into: &writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}

/// What holds for a section: its own attribute, or else the session's.
extension SessionDescription {
  /// The section with this `a=mid`.
  public func media(mid: String) -> MediaDescription? { media.first { $0.attributes.mid == mid } }

  /// `sendrecv` where nothing is stated (RFC 8866 §6.7).
  public func direction(of section: MediaDescription) -> MediaDirection {
    section.attributes.direction ?? attributes.direction ?? .sendrecv
  }

  public func iceUfrag(of section: MediaDescription) -> String? {
    section.attributes.iceUfrag ?? attributes.iceUfrag
  }

  public func icePwd(of section: MediaDescription) -> String? { section.attributes.icePwd ?? attributes.icePwd }

  /// The options of the section and of the session.
  public func iceOptions(of section: MediaDescription) -> [String] {
    attributes.iceOptions + section.attributes.iceOptions
  }

  public func setup(of section: MediaDescription) -> SetupRole? { section.attributes.setup ?? attributes.setup }

  public func fingerprints(of section: MediaDescription) -> [CertificateFingerprint] {
    let own = section.attributes.fingerprints
    return own.isEmpty ? attributes.fingerprints : own
  }

  /// The mids of each `a=group:BUNDLE` (RFC 9143 §5).
  public var bundleGroups: [[String]] {
    attributes.compactMap { if case .group(let group) = $0, group.semantics == "BUNDLE" { group.mids } else { nil } }
  }
}
