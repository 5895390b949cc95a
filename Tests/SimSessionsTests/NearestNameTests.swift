import SimSessions
import Testing

struct NearestNameTests {
  private let names = ["participants", "topologies", "duration", "seed", "fidelity", "format", "sfu", "mcu", "mesh"]

  @Test(arguments: [
    ("particpants", "participants"), ("partcipiants", "participants"), ("topology", "topologies"), ("sede", "seed"),
    ("FORMAT", "format"), ("dur", "duration"), ("sfuu", "sfu"), ("msh", "mesh"), ("fromat", "format"),
  ])
  func `a slip of the hand finds the name that was meant`(written: String, meant: String) {
    #expect(nearestName(to: written, in: names) == meant)
  }

  @Test(arguments: ["", "x", "star", "completely-different", "zzz"])
  func `what resembles no name finds none`(written: String) { #expect(nearestName(to: written, in: names) == nil) }

  @Test func `nothing is near among no names`() { #expect(nearestName(to: "seed", in: []) == nil) }
}
