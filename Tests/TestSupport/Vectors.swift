import Foundation

/// Conformance data: copies in `Tests/Vectors`, and data of public test suites that is read in place.
public enum Vectors {
  /// The bytes of `Tests/Vectors/<path>`.
  public static func data(_ path: String) throws -> Data {
    try Data(contentsOf: testsFolder.appending(path: "Vectors").appending(path: path))
  }

  /// Decodes `Tests/Vectors/<path>`.
  public static func decode<T: Decodable>(_ type: T.Type, from path: String) throws -> T {
    try JSONDecoder().decode(type, from: data(path))
  }

  /// Decodes a file that was read already.
  public static func decode<T: Decodable>(_ type: T.Type, from data: Data) throws -> T {
    try JSONDecoder().decode(type, from: data)
  }

  /// `$RTCSIM_SHARED/vectors-public/<path>`, by default beside the checkout; `nil` when it is not there.
  public static func publicData(_ path: String) -> Data? {
    try? Data(contentsOf: sharedFolder.appending(path: "vectors-public").appending(path: path))
  }

  /// Whether the data of public test suites is there; tests that need it are skipped otherwise.
  public static var hasPublicData: Bool {
    FileManager.default.fileExists(atPath: sharedFolder.appending(path: "vectors-public").path)
  }

  /// `$RTCSIM_SHARED`, by default `../shared` beside the checkout.
  public static var sharedFolder: URL {
    if let path = ProcessInfo.processInfo.environment["RTCSIM_SHARED"] { return URL(filePath: path) }
    return packageFolder.deletingLastPathComponent().appending(path: "shared")
  }

  /// The folder of `Package.swift`.
  public static var packageFolder: URL { testsFolder.deletingLastPathComponent() }

  private static var testsFolder: URL {
    URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  }
}

extension Vectors {
  /// Prints how many cases of a file ran, and how many did not and why.
  public static func report(_ path: String, ran: Int, skipped: [String: Int] = [:]) {
    let reasons = skipped.sorted { $0.key < $1.key }.map { "\($0.value) skipped: \($0.key)" }
    print("vectors \(path): " + (["\(ran) ran"] + reasons).joined(separator: ", "))
  }
}
