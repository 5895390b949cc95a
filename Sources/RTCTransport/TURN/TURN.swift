/// The lifetimes and limits that TURN defines.
///
/// - SeeAlso: RFC 8656 §5, §7.2, §9, §12
public enum TURN {
  public static let defaultAllocationLifetime: Duration = .seconds(600)
  public static let maximumAllocationLifetime: Duration = .seconds(3600)
  public static let permissionLifetime: Duration = .seconds(300)
  public static let channelLifetime: Duration = .seconds(600)
  public static let reservationLifetime: Duration = .seconds(30)
  public static let nonceLifetime: Duration = .seconds(3600)
  /// A client refreshes this long before something expires.
  public static let refreshMargin: Duration = .seconds(60)
  public static let relayPorts: ClosedRange<UInt16> = 49152...65535
  public static let port: UInt16 = 3478
  public static let tlsPort: UInt16 = 5349
  /// The IP protocol number of UDP.
  static let udp: UInt8 = 17
  /// The largest payload of a UDP datagram over IPv4.
  static let maximumDatagramSize = 65_507
}
