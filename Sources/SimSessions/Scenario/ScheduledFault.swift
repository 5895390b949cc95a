import RTCPrimitives
import SimNetwork

/// Something that goes wrong in a session at a time that its scenario says:
/// `faults: [{ at: "10s", rebootNAT: "client-1/nat" }]`.
public struct ScheduledFault: Hashable, Sendable {
  /// After the beginning, which is when the first one joins.
  public var time: Duration
  /// The NAT that is switched off and on, and so loses its mappings: `client-1/nat`, behind it `client-1/nat-2` and so
  /// on, and `@isp` where a NAT is shared.
  public var rebootedNAT: String

  /// What a file says; whether there is such a NAT is checked with the whole scenario.
  static func decode(_ reader: FieldReader) throws(ScenarioError) -> [ScheduledFault] {
    var faults: [ScheduledFault] = []
    for element in try reader.elements("a list of objects with at, rebootNAT") {
      let fields = try element.object(["at", "rebootNAT"])
      faults.append(
        ScheduledFault(
          time: try fields.required("at", "a time of the session, such as 10s").duration(.run),
          rebootedNAT: try fields.required("rebootNAT", "the name of a NAT, such as client-1/nat").text()))
    }
    return faults
  }
}

extension SessionScenario {
  /// Those who have joined are there until then, after the beginning.
  var end: Duration { joinInterval * (participants - 1) + duration }

  /// The names of all NATs that somebody is behind.
  var natNames: [String] {
    var names: [String] = []
    for index in 0..<participants {
      let client = Participant(index: index, kinds: []).name
      names += SessionBuilder.natNames(of: client, behind: self.client(at: index).nat).filter { !names.contains($0) }
    }
    return names
  }

  /// Refuses faults of NATs that are not there, and those that would come when everybody has left.
  func checkFaults() throws(Contradiction) {
    guard !faults.isEmpty else { return }
    let names = natNames
    for fault in faults {
      guard names.contains(fault.rebootedNAT) else {
        let listed = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
        throw Contradiction(
          (
            "faults", "rebootNAT '\(fault.rebootedNAT)'",
            names.isEmpty ? "no rebootNAT, because nobody is behind a NAT" : "one of \(listed)"
          ))
      }
      guard fault.time < end else {
        throw Contradiction(
          ("faults", "at '\(fault.time.quantity)'", "a time before \(end.quantity), when everybody leaves"),
          ("duration", "'\(duration.quantity)'", "more, because of a fault at \(fault.time.quantity)"))
      }
    }
  }
}
