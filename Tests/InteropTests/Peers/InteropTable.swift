import Foundation
import Synchronization
import TestSupport
import Testing

/// Programs and libraries that nobody here wrote.
enum InteropPeer: String, CaseIterable {
  case chromium = "Chromium"
  case aiortc
  case coturn
  case openssl = "OpenSSL"
  case libsrtp2 = "libsrtp2"
  case tshark
  case recordings = "recorded descriptions"

  /// Why nothing can be tried with it; `nil` when it is there.
  var whyMissing: String? {
    switch self {
    case .chromium: Installed.hasBrowser ? nil : "make deps-test installs chromium, chromium-driver and selenium"
    case .aiortc: Installed.python == nil ? "make deps-interop installs aiortc and websockets" : nil
    case .coturn: Installed.hasCoturn ? nil : "make deps-interop installs coturn"
    case .openssl: Installed.openssl == nil ? "make deps-interop installs openssl" : nil
    case .libsrtp2: Installed.testPython == nil ? "make deps-test installs pylibsrtp" : nil
    case .tshark: Installed.tshark == nil ? "make deps-test installs tshark" : nil
    case .recordings:
      if Installed.python == nil {
        Self.aiortc.whyMissing
      } else {
        Installed.recordings.isEmpty ? "RTCSIM_SHARED says where the recordings are" : nil
      }
    }
  }
}

/// A line of the table of what was tried with whom; the test is skipped, loudly, when the peer is not there.
struct InteropTrait: TestTrait, TestScoping {
  let peer: InteropPeer
  let feature: String

  func prepare(for test: Test) async throws {
    InteropTable.shared.note(self, peer.whyMissing.map { .skipped($0) } ?? .planned)
    guard let reason = peer.whyMissing else { return }
    let hint = Comment(rawValue: "\(peer.rawValue) is not here: \(reason)")
    try await ConditionTrait.disabled(hint).prepare(for: test)
  }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    let watch = IssueHandlingTrait.compactMapIssues { issue in
      InteropTable.shared.note(self, .failed)
      return issue
    }
    try await watch.provideScope(for: test, testCase: testCase, performing: function)
    InteropTable.shared.note(self, .passed)
  }
}

extension Trait where Self == InteropTrait {
  static func interop(_ peer: InteropPeer, _ feature: String) -> Self { InteropTrait(peer: peer, feature: feature) }
}

/// What was tried in this process; printed at its end.
final class InteropTable: Sendable {
  /// The later ones win over the earlier ones: a test has several cases.
  enum Result: Hashable {
    case planned
    case passed
    case failed
    case skipped(String)

    var text: String {
      switch self {
      case .planned: "**did not end**"
      case .passed: "pass"
      case .failed: "**failed**"
      case .skipped(let reason): "**skipped** (\(reason))"
      }
    }
  }

  static let shared = InteropTable()
  private let rows = Mutex<[(trait: InteropTrait, result: Result)]>([])

  private init() { atexit { InteropTable.shared.report() } }

  func note(_ trait: InteropTrait, _ result: Result) {
    rows.withLock { rows in
      guard let index = rows.firstIndex(where: { ($0.trait.peer, $0.trait.feature) == (trait.peer, trait.feature) })
      else { return rows.append((trait, result)) }
      if rows[index].result != .failed { rows[index].result = result }
    }
  }

  private func report() {
    let rows = rows.withLock { $0 }
    print("| Peer | What | Result |\n| --- | --- | --- |")
    for peer in InteropPeer.allCases {
      for row in rows.filter({ $0.trait.peer == peer }).sorted(by: { $0.trait.feature < $1.trait.feature }) {
        print("| \(peer.rawValue) | \(row.trait.feature) | \(row.result.text) |")
      }
    }
  }
}
