import Foundation
import Testing

/// What `rtcsim turn-server` refuses before it listens.
struct TURNServerCommandTests {
  @Test(arguments: [
    ([], "--user or --credentials is missing: without credentials a relay is open to everybody"),
    (["--user", "alice"], "--user: found 'alice', allowed: a name, a colon and a password, neither of them empty"),
    (["--user", ":b"], "--user: found ':b', allowed: a name, a colon and a password, neither of them empty"),
    (["--user", "a:b", "--user", "a:c"], "--user: found 'a twice', allowed: one password for each name"),
    (["--credentials", "/nowhere"], "--credentials: found '/nowhere', allowed: a text file that can be read"),
    (
      ["--user", "a:b", "--listen", "192.0.2.1:3478"],
      "--listen: found '192.0.2.1:3478', allowed: 127.0.0.1 and ::1, or with --public addresses that other machines can "
        + "reach"
    ),
    (
      ["--user", "a:b", "--listen", "localhost"],
      "--listen: found 'localhost', allowed: an IP address and a port, such as 127.0.0.1:3478 or [::1]:3478, or several "
        + "with commas between"
    ),
    (["--user", "a:b", "--min-port", "80"], "--min-port: found '80', allowed: a port from 1024 to --max-port 65535"),
    (
      ["--user", "a:b", "--max-port", "2000"],
      "--min-port: found '49152', allowed: a port from 1024 to --max-port 2000"
    ),
    (["--user", "a:b", "--max-port", "0"], "--max-port: found '0', allowed: a port from 1 to 65535"),
    (["--user", "a:b", "--quota", "0"], "--quota: found '0', allowed: a whole number of at least 1"),
    (["--user", "a:b", "--total-quota", "-1"], "--total-quota: found '-1', allowed: a whole number of at least 1"),
    (["--user", "a:b", "--rate", "0"], "--rate: found '0', allowed: a rate above 0"),
    (
      ["--user", "a:b", "--realm", "a\"b"],
      "--realm: found 'a\"b', allowed: a text of at most 127 bytes without quotation marks"
    ),
  ])
  func `one message names what was found and what is allowed`(arguments: [String], message: String) throws {
    let result = try Program.run(["turn-server"] + arguments)
    #expect(result == Program.Result(status: 2, output: "", error: "rtcsim turn-server: \(message)\n"))
  }

  @Test func `no address at all and too many allocations are refused with what this machine has`() throws {
    let anywhere = try Program.run(["turn-server", "--user", "a:b", "--listen", "0.0.0.0:3478"])
    #expect(anywhere.status == 2 && anywhere.error.contains("allowed: addresses of this machine: 127.0.0.1"))
    let many = try Program.run(["turn-server", "--user", "a:b", "--total-quota", "\(Int32.max)"])
    #expect(many.status == 2 && many.error.contains("--total-quota: found '2147483647', allowed: at most "))
  }

  @Test func `a line of a file of credentials is never shown`() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "credentials-\(UUID().uuidString)")
    try Data("# users\nalice:secret\nbob-has-no-password\n".utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let result = try Program.run(["turn-server", "--credentials", file.path])
    #expect(result.status == 2 && result.error.contains("--credentials: found 'entry 3 of "))
    #expect(!result.error.contains("bob"))
  }
}
