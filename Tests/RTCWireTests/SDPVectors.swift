import Foundation
import RTCWire
import TestSupport
import Testing

/// A session description of the conformance data, with what must be found in it.
struct SDPVector: Decodable, CustomTestStringConvertible {
  struct Expected: Decodable {
    let sessionID: String
    let sessionVersion: String
    let bundle: [String]?
    let iceLite: Bool
    let iceOptions: [String]
    let extmapAllowMixed: Bool
    let media: [Media]

    enum CodingKeys: String, CodingKey {
      case sessionID = "session_id"
      case sessionVersion = "session_version"
      case bundle
      case iceLite = "ice_lite"
      case iceOptions = "ice_options"
      case extmapAllowMixed = "extmap_allow_mixed"
      case media
    }
  }

  struct Media: Decodable, Hashable {
    var media: String
    var port: Int
    var proto: String
    var formats: [String]
    var mid: String?
    var direction: String?
    var rejected: Bool
    var bundleOnly: Bool
    var rtcpMux: Bool
    var rtcpRsize: Bool
    var iceUfrag: String?
    var icePwd: String?
    var setup: String?
    var fingerprints: [String]
    var candidates: Int
    var endOfCandidates: Bool
    var rtpmaps: [String]
    var extmapIDs: [Int]
    var ssrcs: [Int]
    var msids: [String]

    enum CodingKeys: String, CodingKey {
      case media, port, proto, formats, mid, direction, rejected
      case bundleOnly = "bundle_only"
      case rtcpMux = "rtcp_mux"
      case rtcpRsize = "rtcp_rsize"
      case iceUfrag = "ice_ufrag"
      case icePwd = "ice_pwd"
      case setup, fingerprints, candidates
      case endOfCandidates = "end_of_candidates"
      case rtpmaps
      case extmapIDs = "extmap_ids"
      case ssrcs, msids
    }
  }

  let id: String
  /// Where it stands, as the account of the vectors names it; not in the file.
  private(set) var path: String?
  let sdp: String
  let verdict: String
  let confidence: String?
  let expected: Expected?

  var testDescription: String { id }

  private struct File: Decodable { let vectors: [SDPVector] }

  static func own(_ name: String) -> [SDPVector] {
    let path = "sdp/\(name).json"
    return ((try? Vectors.decode(File.self, from: path).vectors) ?? []).map { $0.at(path) }
  }

  private func at(_ path: String) -> SDPVector {
    var vector = self
    vector.path = path
    return vector
  }

  /// Notes that a test of it has run.
  func noteRun() { if let path { Vectors.ran(id, of: path) } }

  /// Empty when the data of public test suites is not there.
  static func fromPublicSuite(_ name: String) -> [SDPVector] {
    let vectors = Vectors.publicData("sdp/\(name).json").flatMap {
      try? JSONDecoder().decode(File.self, from: $0).vectors
    }
    return (vectors ?? []).map { $0.at("public sdp/\(name).json") }
  }

  /// The session descriptions that real implementations made, by file name.
  static var references: [(name: String, text: String)] {
    let folder = Vectors.sharedFolder.appending(path: "reference/sdp")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".sdp") }.sorted().compactMap { name in
      (try? String(decoding: Data(contentsOf: folder.appending(path: name)), as: UTF8.self)).map { (name, $0) }
    }
  }

  /// Ours and those of public suites that are valid.
  static let valid =
    own("rfc9429_ab") + own("generated") + fromPublicSuite("valid_public") + fromPublicSuite("corpus_offer_answer")
}

extension SDPVector.Media {
  /// The same facts as the parser found them.
  init(_ section: MediaDescription, in session: SessionDescription) {
    var ssrcs: [Int] = []
    for source in section.attributes.sources where !ssrcs.contains(Int(source.ssrc)) { ssrcs.append(Int(source.ssrc)) }
    self.init(
      media: section.kind, port: Int(section.port), proto: section.transport, formats: section.formats,
      mid: section.attributes.mid,
      direction: section.isRTP || section.attributes.direction != nil || session.attributes.direction != nil
        ? session.direction(of: section).rawValue : nil,
      rejected: section.isRejected, bundleOnly: section.attributes.contains(.bundleOnly),
      rtcpMux: section.attributes.contains(.rtcpMux), rtcpRsize: section.attributes.contains(.rtcpRsize),
      iceUfrag: session.iceUfrag(of: section), icePwd: session.icePwd(of: section),
      setup: session.setup(of: section)?.rawValue, fingerprints: session.fingerprints(of: section).map(\.description),
      candidates: section.attributes.candidates.count,
      endOfCandidates: section.attributes.contains(.endOfCandidates),
      rtpmaps: section.attributes.rtpmaps.map { map in
        "\(map.payloadType) \(map.encodingName)/\(map.clockRate)" + (map.channels.map { "/\($0)" } ?? "")
      },
      extmapIDs: section.attributes.headerExtensions.map { Int($0.id) }, ssrcs: ssrcs.sorted(),
      msids: section.attributes.msids.map { $0.stream + ($0.track.map { " \($0)" } ?? "") })
  }
}
