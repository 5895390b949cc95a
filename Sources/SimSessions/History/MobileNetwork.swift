import RTCPrimitives
import SimNetwork

/// The network that a phone falls back to when it leaves its Wi-Fi: a public address behind a stateful firewall.
///
/// Rates and round trip are the medians of a measured LTE network; its queue is an assumption.
/// - SeeAlso: Huang et al., A Close Examination of Performance and Power Characteristics of 4G LTE Networks, MobiSys 2012
enum MobileNetwork {
  /// Half of the measured round trip of 70 ms.
  static let delay = Duration.milliseconds(35)
  static let uplink = link(.megabitsPerSecond(6))
  static let downlink = link(.megabitsPerSecond(13))
  static let description = "6 Mbit/s up, 13 Mbit/s down, 35 ms each way, a stateful firewall"

  /// - Parameter number: of the participant, from 1.
  static func address(number: Int, _ family: IPAddress.Family) -> IPAddress {
    switch family {
    case .ipv4: IPAddress(203, 0, 113, UInt8(number))
    case .ipv6: IPAddress(v6High: 0x2001_0DB8_0002_0000, low: UInt64(number))
    }
  }

  private static func link(_ rate: DataRate) -> Link.Configuration {
    Link.Configuration(rate: rate, propagationDelay: delay, queueLimit: .time(.milliseconds(200)))
  }
}
