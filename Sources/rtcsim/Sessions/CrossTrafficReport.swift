import RTCPrimitives
import SimNodes
import SimSessions

/// What TCP beside people did since it began; bytes are those that it carried, without headers.
extension SessionResult {
  var crossTrafficLines: [String] {
    crossTraffic.map { result in
      let total = result.total
      return "TCP beside \(result.client): \(total.carried.bytes) bytes carried over \(total.connections) connections, "
        + "\(total.files) files, \(total.retransmissions) segments again"
    }
  }

  var crossTrafficJSON: JSON {
    .array(
      crossTraffic.map { result in
        [
          "client": JSON(result.client),
          "flows": .array(
            result.flows.map {
              [
                "carriedBytes": JSON($0.carried.bytes), "connections": JSON($0.connections), "files": JSON($0.files),
                "retransmissions": JSON($0.retransmissions),
              ]
            }),
        ]
      })
  }
}

extension CrossTrafficResult {
  fileprivate var total: CrossTrafficReport {
    flows.reduce(into: CrossTrafficReport()) {
      $0.carried += $1.carried
      $0.connections += $1.connections
      $0.files += $1.files
      $0.retransmissions += $1.retransmissions
    }
  }
}
