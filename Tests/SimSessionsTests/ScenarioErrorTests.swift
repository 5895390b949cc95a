import RTCPrimitives
import Testing

@testable import SimSessions

struct ScenarioErrorTests {
  @Test(arguments: [
    ("{participants: 1}", "1: participants: found 1, allowed: a whole number from 2 to 1000"),
    ("{participants: 1001}", "1: participants: found 1001, allowed: a whole number from 2 to 1000"),
    ("{participants: 2.5}", "1: participants: found 2.5, allowed: a whole number from 2 to 1000"),
    ("{participants: '3'}", "1: participants: found '3', allowed: a whole number from 2 to 1000"),
    ("{topology: 'sfo'}", "1: topology: found 'sfo', allowed: mesh, sfu, mcu; did you mean 'sfu'?"),
    ("{topology: 7}", "1: topology: found 7, allowed: mesh, sfu, mcu"),
    ("{\n\n duraton: '3s'}", "3: duraton: unknown field, allowed: name, "),
    ("{duration: '0s'}", "1: duration: found '0s', allowed: a duration such as"),
    (
      "{duration: '5s'}",
      "1: duration: found '5s', allowed: a duration such as 30s, 1.5s, 100ms, 250us or 2m, more than 5s, because means"
    ),
    ("{duration: 30}", "1: duration: found 30, allowed: a duration such as"),
    ("{seed: -1}", "1: seed: found -1, allowed: a whole number from 0 to 18446744073709551615"),
    ("{client: {uplink: {rate: '-1M'}}}", "1: client.uplink.rate: found '-1M', allowed: a rate in bits per second"),
    ("{client: {uplink: {rate: '0'}}}", "1: client.uplink.rate: found '0', allowed: a rate in bits per second"),
    ("{client: {cores: 0}}", "1: client.cores: found 0, allowed: a whole number from 1 to 1024"),
    (
      "{participants: 3,\n clients: [{}, {},\n {uplink: {loss: 1.5}}]}",
      "3: clients[2].uplink.loss: found 1.5, allowed: a probability from 0 to 1"
    ),
    (
      "{client: {downlink: {queue: '64MB'}}}",
      "1: client.downlink.queue: found '64MB', allowed: a time such as 200ms, a size such as 64KiB or 64000B, or "
    ),
    ("{client: {nat: 'symetric'}}", "did you mean 'symmetric'?"),
    ("{client: {nat: {mapping: 'any'}}}", "1: client.nat.mapping: found 'any', allowed: endpoint-independent, "),
    ("{client: {nat: {mapping: 'address-dependent'}}}", "1: client.nat.filtering: is missing, allowed: "),
    ("{client: {nat: 'symmetric', addressFamily: 'ipv6'}}", "1: client.nat: found 'symmetric', allowed: 'none'"),
    ("{client: {firewall: 'on'}}", "1: client.firewall: found 'on', allowed: none, stateful, block-udp"),
    ("{client: {site: 'eu'}}", "1: client.site: found 'eu', allowed: region"),
    (
      "{client: {uplink: {jitter: {max: '1ms', mean: '2ms'}}}}",
      "1: client.uplink.jitter.mean: found '2ms', allowed: either max, or mean and deviation"
    ),
    ("{participants: 2, clients: [{}, {}, {}]}", "1: clients: found a list of 3, allowed: at most one entry per "),
    ("{video: {width: 641}}", "1: video.width: found 641, allowed: an even number from 32 to 4096"),
    ("{video: {width: 16, height: 16}, media: 'real'}", "1: video.width: found 16, allowed: an even number from 32"),
    ("{video: {height: 0}}", "1: video.height: found 0, allowed: an even number from 32 to 4096"),
    ("{video: {codec: 'VP9'}}", "1: video.codec: found 'VP9', allowed: VP8"),
    ("{video: {file: 'away.y4m'}}", "1: video.file: found 'away.y4m', allowed: the path of a Y4M file that can"),
    (
      "{video: {file: 'small.y4m'}}",
      "1: video.file: found '/small.y4m' of 64×36, allowed: pictures of 640×360, as video.width and video.height say"
    ),
    (
      "{video: {file: 'ntsc.y4m'}}",
      "1: video.file: found '/ntsc.y4m' of 30000:1001 pictures per second, allowed: 30 pictures per second"
    ),
    (
      "{video: {file: 'broken.y4m'}}",
      "1: video.file: found 'broken.y4m', allowed: a whole Y4M file; in this one, at offset 0: YUV4MPEG2 expected"
    ),
    ("{video: {file: 'cut.y4m'}}", "1: video.file: found 'cut.y4m', allowed: a whole Y4M file; in this one, at offset"),
    ("{audio: {file: 'stereo.wav'}}", "1: audio.file: found '/stereo.wav' of 2 channels, allowed: one channel"),
    ("{audio: {file: 'broken.wav'}}", "1: audio.file: found 'broken.wav', allowed: a whole WAV file; in this one, at"),
    ("{video: {file: 'there.y4m'}}", "1: video: found a file, allowed: no file, because media is 'modelled'"),
    ("{video: null, audio: null}", "1: audio: found null, allowed: an object, because video is null too"),
    ("{media: 'real', fidelity: 'model'}", "1: media: found 'real', allowed: 'modelled', because fidelity is 'model'"),
    ("{topology: 'sfu', ice: {trickle: 'half'}}", "1: ice: found trickle 'half', allowed: 'full', because the server"),
    ("{topology: 'mesh', ice: {serverLite: true}}", "1: ice: found serverLite, allowed: false, because a mesh has no"),
    ("{ice: {profile: 'chromium', nomination: 'regular'}}", "allowed: 'aggressive', because that is how"),
    ("{turn: {servers: 9}}", "1: turn.servers: found 9, allowed: a whole number from 1 to 4"),
    ("{ice: {profile: 'chrome'}}", "1: ice.profile: found 'chrome', allowed: rfc8445, chromium"),
    ("{iceTransportPolicy: 'relay'}", "1: iceTransportPolicy: found 'relay', allowed: 'all', because there is no TURN"),
    (
      "{topology: 'mesh',\nclients: [{addressFamily: 'ipv6'}]}",
      "1: topology: found 'mesh', allowed: a topology with a server, because the clients differ in addressFamily"
    ),
    (
      "{hosts: [{name: 'a', addressFamily: 'dual'}, {name: 'b'}], flows: [{from: 'a', to: 'b'}]}",
      "1: hosts[0].addressFamily: found 'dual', allowed: 'ipv4' or 'ipv6'"
    ),
    ("{client: {addressFamily: 'ipv5'}}", "1: client.addressFamily: found 'ipv5', allowed: ipv4, ipv6, dual"),
    ("{srtpProfiles: []}", "1: srtpProfiles: found a list of 0, allowed: at least one of "),
    ("{srtpProfiles: ['NULL']}", "1: srtpProfiles[0]: found 'NULL', allowed: AES_CM_128_HMAC_SHA1_80, AEAD_"),
    ("{sites: []}", "1: sites: found a list of 0, allowed: at least one name"),
    ("{sites: ['a', 'a']}", "1: sites[1]: found 'a', allowed: a name that no other site has"),
    ("{delays: [{between: ['region'], oneWay: '1ms'}]}", "1: delays[0].between: found a list of 1, allowed: two names"),
    ("{stun: 'yes'}", "1: stun: found 'yes', allowed: true, false or an object with site"),
    ("{costs: 'none'}", "1: costs: found 'none', allowed: debian12-x86-2core, a path"),
    ("{\nprices: 'defalt'}", "2: prices: found 'defalt', allowed: default, a path; did you mean 'default'?"),
    ("{hosts: [], flows: []}", "1: flows: found a list of 0, allowed: at least one flow"),
    ("{flows: [], participants: 2}", "1: participants: unknown field, allowed: name, summary, seed, sites, delays, "),
    ("{flows: []}", "1: hosts: is missing, allowed: a list of hosts"),
    (
      "{hosts: [{name: 'a'}, {name: 'b'}], flows: [{from: 'a', to: 'c'}]}",
      "1: flows[0].to: found 'c', allowed: a, b"
    ),
    (
      "{hosts: [{name: 'a'}, {name: 'b', addressFamily: 'ipv6'}], flows: [{from: 'a', to: 'b'}]}",
      "1: flows[0].to: found 'b', allowed: a host with the address family of 'a'"
    ),
    (
      "{hosts: [{name: 'a'}, {name: 'b'}], flows: [{from: 'a', to: 'b', packetSize: 1500}]}",
      "1: flows[0].packetSize: found 1500, allowed: a whole number from 8 to 1452 bytes of UDP payload"
    ),
    ("[]", "1: the file: found a list of 0, allowed: an object"),
    ("{a: }", "1:5: found '}' where a value is expected"),
    ("{\n  participants: 3\n  duration: '3s'\n}", "3:3: found 'd' where ',' or '}' after the field 'participants' is"),
    ("{seed: 1, seed: 2}", "1:11: the field 'seed' stands here twice"),
  ])
  func `an error names file, place, what was found and what is allowed`(text: String, expected: String) {
    let found = message { _ = try scenario(text) }
    #expect(found.contains(expected), "\(found)")
    #expect(found.hasPrefix("test.json5:"), "\(found)")
  }

  @Test func `an unknown field suggests the nearest one`() {
    #expect(
      message { _ = try scenario("{client: {uplnk: {}}}") }
        == "test.json5:1: client.uplnk: unknown field, allowed: cores, camera, page, codecs, site, uplink, downlink, nat, "
        + "firewall, addressFamily; did you mean 'uplink'?")
  }

  @Test func `an unknown scenario suggests the nearest one`() {
    #expect(
      message { _ = try models.scenario("meting") }
        == "found no scenario 'meting', allowed: \(models.scenarioNames.joined(separator: ", ")), a path; "
        + "did you mean 'meeting'?")
    #expect(message { _ = try models.scenario("away/x.json5") } == "cannot read away/x.json5: there is no such file")
    #expect(message { _ = try models.scenario("/tmp/") } == "cannot read /tmp/: it is a folder")
  }

  @Test func `a library that is named must be there`() {
    #expect(
      message { _ = try ScenarioLibrary.find(environment: ["RTCSIM_MODELS": "/away"]) }
        == "found no folder Models in /away; RTCSIM_MODELS may name it")
    #expect(message { _ = try ScenarioLibrary.find(environment: [:], from: ["/"]) }.hasPrefix("found no folder Models"))
  }

  @Test func `the library is found from a folder below it`() throws {
    let found = try ScenarioLibrary.find(environment: [:], from: [models.folder + "/Scenarios"])
    #expect(found.folder == models.folder)
  }
}
