import RTCMedia
import RTCPrimitives
import RTCSession
import RTCWire
import SimKernel

/// One whose picture a unit that selects may forward.
struct WatchedSource {
  var visibility = SourceVisibility.hidden
  /// Since when.
  var since = Instant.start
  /// For how long it was paused before.
  var paused = Duration.zero

  /// For how long it has been paused.
  func paused(at now: Instant) -> Duration { visibility == .paused ? paused + (now - since) : paused }
}

/// What a unit that selects tells.
extension Client {
  /// Codes only those encodings of the picture that anybody sees.
  func code(_ encodings: [Int], for connection: Connection) {
    connection.adapted.setWanted(encodings)
    connection.adapted.adapt(to: connection.core, at: port.simulation.now)
    connections.setAlarm(connection)
  }

  /// Learns whose picture comes from now on, and whose does not.
  func select(_ changes: [SourceChange]) {
    let now = port.simulation.now
    var selection = selection ?? [:]
    for change in changes {
      var source = selection[change.source] ?? WatchedSource()
      source.paused = source.paused(at: now)
      source.visibility = change.visibility
      source.since = now
      selection[change.source] = source
    }
    let isFirst = self.selection == nil
    self.selection = selection
    for track in tracks where track.kind == .video {
      guard isFirst || changes.contains(where: { $0.source == track.source }) else { continue }
      track.setSuspended(selection[track.source]?.visibility != .forwarded, at: now)
    }
  }

  /// A picture that comes for the first time was to be seen since its unit said so.
  func watch(_ track: RemoteTrack) {
    guard let selection else { return }
    let source = selection[track.source]
    track.setSuspended(true, at: port.simulation.now)
    if let source, source.visibility == .forwarded { track.setSuspended(false, at: source.since) }
  }

  /// For how long pictures have been paused, one by one.
  func pauses(at now: Instant) -> Duration {
    // A sum does not depend on the order.
    (selection ?? [:]).reduce(.zero) { $0 + $1.value.paused(at: now) }
  }
}
