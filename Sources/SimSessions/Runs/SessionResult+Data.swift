import SimNodes

extension SessionResult {
  /// What all clients together sent and received on data channels, one for each workload.
  public var dataTotals: [DataReport] {
    DataWorkload.allCases.compactMap { workload in
      let reports = clients.flatMap(\.data).filter { $0.workload == workload }
      guard !reports.isEmpty else { return nil }
      return reports.reduce(into: DataReport(workload)) { $0.merge($1) }
    }
  }
}
