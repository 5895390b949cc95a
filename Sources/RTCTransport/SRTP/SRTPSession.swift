import CSRTP
public import RTCPrimitives

/// Protects what one side sends and opens what it receives, for any number of streams (SSRCs).
///
/// Packets are worked on in place, at the end of a `ByteWriter`: what stands before belongs to others.
/// ```swift
/// let begin = writer.count
/// packet.write(to: &writer)
/// try session.protectRTP(&writer, from: begin)
/// ```
/// Sending a sequence number again is allowed, as a retransmission on the same SSRC does; receivers take each once.
/// Costs no allocation beyond those of libsrtp2 itself, unless the writer has no room for the trailer.
/// - SeeAlso: RFC 3711, RFC 7714
public struct SRTPSession: ~Copyable {
  /// How many packets of each stream are remembered against replays.
  ///
  /// At 10 Mbit/s of 1200-byte packets, that is one second of retransmissions.
  public static let replayWindow = 1024

  public let profile: SRTPProfile
  private let outbound: srtp_t
  private let inbound: srtp_t

  /// - Throws: `SRTPError.library` when libsrtp2 refuses.
  public init(_ keys: SRTPKeys) throws(SRTPError) {
    profile = keys.profile
    try Self.check(Self.library, size: 0)
    let outbound = try Self.create(keys.profile, keys.local, ssrc_any_outbound)
    do {
      inbound = try Self.create(keys.profile, keys.remote, ssrc_any_inbound)
    } catch {
      srtp_dealloc(outbound)
      throw error
    }
    self.outbound = outbound
  }

  deinit {
    srtp_dealloc(outbound)
    srtp_dealloc(inbound)
  }

  /// Encrypts the RTP packet that begins at `offset`, and appends its tag (`profile.rtpOverhead` bytes).
  ///
  /// - Throws: why not; the packet is then removed from the writer, since it may be half encrypted.
  public mutating func protectRTP(_ writer: inout ByteWriter, from offset: Int) throws(SRTPError) {
    try lengthen(&writer, from: offset, by: profile.rtpOverhead) { srtp_protect(outbound, $0, $1) }
  }

  /// Encrypts the compound RTCP packet that begins at `offset`, and appends index and tag (`profile.rtcpOverhead` bytes).
  ///
  /// - Throws: why not; the packet is then removed from the writer, since it may be half encrypted.
  public mutating func protectRTCP(_ writer: inout ByteWriter, from offset: Int) throws(SRTPError) {
    try lengthen(&writer, from: offset, by: profile.rtcpOverhead) { srtp_protect_rtcp(outbound, $0, $1) }
  }

  /// Checks and decrypts the SRTP packet that begins at `offset`, and removes its tag.
  ///
  /// - Throws: why not; the packet is then removed from the writer.
  public mutating func unprotectRTP(_ writer: inout ByteWriter, from offset: Int) throws(SRTPError) {
    try shorten(&writer, from: offset) { srtp_unprotect(inbound, $0, $1) }
  }

  /// Checks and decrypts the SRTCP packet that begins at `offset`, and removes index and tag.
  ///
  /// - Throws: why not; the packet is then removed from the writer.
  public mutating func unprotectRTCP(_ writer: inout ByteWriter, from offset: Int) throws(SRTPError) {
    try shorten(&writer, from: offset) { srtp_unprotect_rtcp(inbound, $0, $1) }
  }

  /// Forgets what is known of a stream that is received: its packets are opened as those of a new one.
  ///
  /// libsrtp2 keeps each stream of which a packet was genuine, for as long as the session lives.
  /// - Note: A packet of it that is replayed is genuine again.
  public mutating func forgetInbound(_ ssrc: UInt32) {
    // One that is not there is as good as forgotten.
    _ = srtp_remove_stream(inbound, ssrc.bigEndian)
  }

  private typealias Call = (UnsafeMutableRawPointer, UnsafeMutablePointer<Int32>) -> srtp_err_status_t

  /// Appends as many bytes as the trailer has, which `call` fills.
  @inline(__always)
  private func lengthen(
    _ writer: inout ByteWriter, from offset: Int, by growth: Int, _ call: Call
  ) throws(SRTPError) {
    let size = try size(of: &writer, from: offset)
    writer.append(Self.room.span.extracting(0..<growth))
    let length = try transform(&writer, from: offset, size: size, call)
    precondition(length == size + growth, "libsrtp2 appends what the profile says")
  }

  /// Removes the trailer, which `call` has checked.
  @inline(__always)
  private func shorten(_ writer: inout ByteWriter, from offset: Int, _ call: Call) throws(SRTPError) {
    let size = try size(of: &writer, from: offset)
    writer.truncate(to: offset + (try transform(&writer, from: offset, size: size, call)))
  }

  @inline(__always)
  private func size(of writer: inout ByteWriter, from offset: Int) throws(SRTPError) -> Int {
    precondition(offset >= 0 && offset <= writer.count, "the packet begins inside the writer")
    let size = writer.count - offset
    // libsrtp2 takes an empty packet's bytes for granted, and counts in 32 bits.
    guard size >= 8, size <= 0xFFFF else {
      writer.truncate(to: offset)
      throw .malformed(size: size)
    }
    return size
  }

  /// - Returns: the packet's new size.
  @inline(__always)
  private func transform(
    _ writer: inout ByteWriter, from offset: Int, size: Int, _ call: Call
  ) throws(SRTPError) -> Int {
    var length = Int32(size)
    let status = writer.bytes.withUnsafeMutableBytes { call($0.baseAddress! + offset, &length) }
    guard status == srtp_err_status_ok else {
      writer.truncate(to: offset)
      throw Self.error(status, size: size)
    }
    return Int(length)
  }

  /// For the longest trailer, that of RTCP in GCM; copying zeros is cheaper than writing them one by one.
  private static let room = InlineArray<20, UInt8>(repeating: 0)

  /// Initialises the library once per process; the result never changes.
  private static let library = srtp_init()

  private static func create(
    _ profile: SRTPProfile, _ master: SRTPMasterKey, _ direction: srtp_ssrc_type_t
  ) throws(SRTPError) -> srtp_t {
    var policy = srtp_policy_t()
    switch profile {
    case .aes128CMHMACSHA1_80:
      srtp_crypto_policy_set_rtp_default(&policy.rtp)
      srtp_crypto_policy_set_rtcp_default(&policy.rtcp)
    case .aeadAES128GCM:
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp)
      srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp)
    }
    policy.ssrc.type = direction
    policy.window_size = UInt(replayWindow)
    policy.allow_repeat_tx = 1
    var session: srtp_t?
    var secret = master.key + master.salt
    let status = secret.withUnsafeMutableBufferPointer { bytes in
      policy.key = bytes.baseAddress
      return srtp_create(&session, &policy)
    }
    try check(status, size: 0)
    guard let session else { throw .library(status: srtp_err_status_fail.rawValue) }
    return session
  }

  private static func check(_ status: srtp_err_status_t, size: Int) throws(SRTPError) {
    guard status == srtp_err_status_ok else { throw error(status, size: size) }
  }

  private static func error(_ status: srtp_err_status_t, size: Int) -> SRTPError {
    switch status {
    case srtp_err_status_auth_fail: .authenticationFailed
    case srtp_err_status_replay_fail: .replayed
    case srtp_err_status_replay_old, srtp_err_status_pkt_idx_old: .tooOldForReplayWindow
    case srtp_err_status_bad_param, srtp_err_status_parse_err: .malformed(size: size)
    case srtp_err_status_key_expired: .keyExhausted
    default: .library(status: status.rawValue)
    }
  }
}
