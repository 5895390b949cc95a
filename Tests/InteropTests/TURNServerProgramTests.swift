import Foundation
import RTCPrimitives
import RTCSockets
import Testing

/// `rtcsim turn-server` as a process.
@Suite(.timeLimit(.minutes(1)))
struct TURNServerProgramTests {
  @Test func `it tells where it listens, ends after its duration and tells what it has done`() throws {
    let (program, place) = try TURNServers.ours(["--allow-private-relay", "--duration", "100ms"])
    #expect(place.port > 0)
    let end = program.finish()
    #expect(end.status == 0)
    #expect(end.output.hasPrefix(#"{"allocations":0,"#) && end.output.hasSuffix("}\n"), "\(end.output)")
  }

  @Test func `a port that is taken is named`() throws {
    let loop = try SocketLoop()
    let socket = try DatagramSocket(Endpoint(TURNServers.loopback, 0), on: loop) { _, _ in }
    let program = try RunningProgram(Installed.rtcsim) { _ in
      ["turn-server", "--user", "a:b", "--listen", "\(socket.local)"]
    }
    let end = program.finish()
    #expect(end.status == 2)
    #expect(end.output.contains("cannot open UDP \(socket.local): Address already in use"), "\(end.output)")
  }

  @Test func `a relay where nothing can be reached says so`() throws {
    let program = try RunningProgram(Installed.rtcsim) { _ in
      ["turn-server", "--user", "a:b", "--listen", "127.0.0.1:0", "--duration", "1ms"]
    }
    #expect(program.finish().output.contains("warning: peers reach 127.0.0.1 from this network only"))
  }
}
