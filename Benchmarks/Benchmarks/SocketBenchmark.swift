import Glibc

/// What the operating system takes for a UDP datagram, over the loopback interface only.
///
/// There the sender also does the kernel's work of the receiving side.
enum SocketBenchmark {
  private static let group = FigureGroup(
    subject: .network, title: "UDP sockets: loopback interface, one call per datagram", unit: .packets, floor: nil)
  /// Few enough for the receive buffer of any system.
  private static let burst = 32

  static func steps(_ effort: BenchmarkEffort) -> [BenchmarkStep] {
    [
      BenchmarkStep(.network, "UDP sockets", seconds: 0.3) { () throws(BenchmarkError) in
        var figures: [BenchmarkFigure] = []
        for payload in [160, 1200] { figures += try measure(payload, effort) }
        return figures
      }
    ]
  }

  private static func measure(_ payload: Int, _ effort: BenchmarkEffort) throws(BenchmarkError) -> [BenchmarkFigure] {
    let sender = try LoopbackSocket()
    let receiver = try LoopbackSocket()
    let bytes = [UInt8](repeating: 0xA5, count: payload)
    var buffer = [UInt8](repeating: 0, count: 2048)
    var (send, receive): ([Double], [Double]) = ([], [])
    for round in 0...effort.rounds * effort.operations(4) {
      let begin = Stopwatch.nanoseconds
      for _ in 0..<burst { try sender.send(bytes, to: receiver) }
      let middle = Stopwatch.nanoseconds
      for _ in 0..<burst { try receiver.receive(into: &buffer, size: payload) }
      let end = Stopwatch.nanoseconds
      guard round > 0 else { continue }
      send.append(Double(middle - begin) / Double(burst))
      receive.append(Double(end - middle) / Double(burst))
    }
    return [
      figure("sendto", payload, .networkSend, Timing.median(send)),
      figure("recvfrom", payload, .networkReceive, Timing.median(receive)),
    ]
  }

  private static func figure(
    _ call: String, _ payload: Int, _ cost: CostFigure, _ nanoseconds: Double
  ) -> BenchmarkFigure {
    var figure = BenchmarkFigure(group, "\(call) \(payload) B", value: group.unit.value(of: nanoseconds))
    figure.costs = [CostSample(cost, count: payload, nanoseconds: nanoseconds)]
    return figure
  }
}

/// A UDP socket on 127.0.0.1 with a port that the system chose.
private struct LoopbackSocket: ~Copyable {
  private let descriptor: Int32
  private var address = sockaddr_in()

  init() throws(BenchmarkError) {
    descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    guard descriptor >= 0 else { throw Self.error("socket") }
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    var (local, timeout) = (address, timeval(tv_sec: 1, tv_usec: 0))
    let status = withUnsafeMutablePointer(to: &local) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, size) == 0 && getsockname(descriptor, address, &size) == 0
      }
    }
    let isPatient =
      setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size)) == 0
    guard status, isPatient else {
      let error = Self.error("bind")
      close(descriptor)
      throw error
    }
    address = local
  }

  deinit { close(descriptor) }

  func send(_ bytes: [UInt8], to peer: borrowing LoopbackSocket) throws(BenchmarkError) {
    let sent = withUnsafePointer(to: peer.address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard sent == bytes.count else { throw Self.error("sendto") }
  }

  func receive(into buffer: inout [UInt8], size: Int) throws(BenchmarkError) {
    var source = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let received = withUnsafeMutablePointer(to: &source) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        recvfrom(descriptor, &buffer, buffer.count, 0, $0, &length)
      }
    }
    guard received == size else { throw Self.error("recvfrom") }
  }

  private static func error(_ call: String) -> BenchmarkError {
    .failed(operation: call, reason: String(cString: strerror(errno)))
  }
}
