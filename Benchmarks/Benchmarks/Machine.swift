import CFloors
import COpenSSL
import COpus
import CSRTP
import CVPX
import Foundation

/// What was measured on.
public struct Machine: Hashable, Sendable {
  /// As `/proc/cpuinfo` calls it.
  public var processor: String
  public var cores: Int
  /// As `/etc/os-release` calls it.
  public var system: String
  /// Names with versions.
  public var libraries: [String]

  /// This machine.
  public static var current: Machine {
    Machine(
      processor: field("model name", separator: ":", in: "/proc/cpuinfo") ?? "an unknown processor",
      cores: ProcessInfo.processInfo.activeProcessorCount,
      system: field("PRETTY_NAME", separator: "=", in: "/etc/os-release") ?? "an unknown system",
      libraries: [
        "libvpx \(String(cString: vpx_codec_version_str()))", String(cString: opus_get_version_string()),
        String(cString: srtp_get_version_string()), String(cString: OpenSSL_version(OPENSSL_VERSION)),
        "libyuv \(floor_libyuv_version())",
      ])
  }

  private static func field(_ name: String, separator: Character, in path: String) -> String? {
    guard let text = FileManager.default.contents(atPath: path).map({ String(decoding: $0, as: UTF8.self) }) else {
      return nil
    }
    for line in text.split(separator: "\n") where line.hasPrefix(name) {
      guard let place = line.firstIndex(of: separator) else { continue }
      return line[line.index(after: place)...].trimmingCharacters(in: CharacterSet(charactersIn: " \t\""))
    }
    return nil
  }
}

extension Machine: CustomStringConvertible {
  public var description: String { "\(processor), \(cores) \(cores == 1 ? "core" : "cores"), \(system)" }
}
