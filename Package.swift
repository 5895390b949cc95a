// swift-tools-version:6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableExperimentalFeature("Lifetimes"),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: ["TestSupport"] + dependencies, swiftSettings: strict)
}

let package = Package(
  name: "rtcsim",
  products: [
    .library(
      name: "WebRTCProtocols", targets: ["RTCPrimitives", "RTCWire", "RTCTransport", "RTCMedia", "RTCSession"]),
    .library(name: "WebRTCSockets", targets: ["RTCSockets"]),
    .library(name: "WebRTCSimulation", targets: ["SimKernel", "SimNetwork", "SimNodes", "SimSessions"]),
    .executable(name: "rtcsim", targets: ["rtcsim"]),
  ],
  targets: [
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSRTP", pkgConfig: "libsrtp2", providers: [.apt(["libsrtp2-dev"])]),
    .systemLibrary(name: "CUsrsctp", providers: [.apt(["libusrsctp-dev"])]),
    .systemLibrary(name: "COpus", pkgConfig: "opus", providers: [.apt(["libopus-dev"])]),
    .systemLibrary(name: "CVPX", pkgConfig: "vpx", providers: [.apt(["libvpx-dev"])]),
    .systemLibrary(name: "CYUV", providers: [.apt(["libyuv-dev"])]),
    .systemLibrary(name: "CEdit", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),
    .systemLibrary(name: "CWebSockets", pkgConfig: "libwebsockets", providers: [.apt(["libwebsockets-dev"])]),
    .systemLibrary(name: "CHints"),
    .systemLibrary(name: "CEpoll"),
    .target(name: "CHostHooks", dependencies: ["COpenSSL"]),

    library("RTCPrimitives", ["CHints"]),
    library("RTCWire", ["RTCPrimitives"]),
    library("RTCTransport", ["RTCWire", "RTCPrimitives", "COpenSSL", "CSRTP", "CUsrsctp"]),
    library("RTCMedia", ["RTCWire", "RTCPrimitives", "COpus", "CVPX", "CYUV"]),
    library("RTCSession", ["RTCTransport", "RTCMedia", "RTCWire", "RTCPrimitives"]),
    library("RTCSockets", ["RTCSession", "RTCTransport", "RTCWire", "RTCPrimitives", "CEpoll"]),
    library("SimKernel", ["RTCPrimitives", "CHostHooks", "CHints"]),
    library("SimNetwork", ["SimKernel", "RTCWire", "RTCPrimitives"]),
    library("SimNodes", ["SimNetwork", "SimKernel", "RTCSession"]),
    library("SimSessions", ["SimNodes", "SimNetwork", "SimKernel", "RTCSession"]),
    library("WebHost", ["CWebSockets"]),
    .target(
      name: "CFloors", dependencies: ["COpenSSL", "CSRTP", "COpus", "CVPX", "CYUV"], path: "Benchmarks/CFloors"),
    .target(
      name: "Benchmarks", dependencies: ["SimSessions", "CFloors"], path: "Benchmarks/Benchmarks", swiftSettings: strict
    ),
    .executableTarget(
      name: "rtcsim",
      dependencies: [
        "Benchmarks", "SimSessions", "SimNodes", "SimNetwork", "RTCSession", "RTCTransport", "RTCMedia", "RTCWire",
        "RTCPrimitives", "RTCSockets", "WebHost", "CEdit",
      ], resources: [.copy("Page"), .copy("PeerPage")], swiftSettings: strict),

    .target(
      name: "TestSupport", dependencies: ["RTCMedia", "RTCTransport", "RTCPrimitives", "CHostHooks"],
      path: "Tests/TestSupport", swiftSettings: strict),
    tests("RTCPrimitives", ["RTCPrimitives"]),
    tests("RTCWire", ["RTCWire"]),
    tests("RTCTransport", ["RTCTransport", "CHostHooks"]),
    tests("RTCMedia", ["RTCMedia"]),
    tests("RTCSession", ["RTCSession"]),
    tests("SimKernel", ["SimKernel"]),
    tests("SimNetwork", ["SimNetwork"]),
    tests("SimNodes", ["SimNodes"]),
    tests("SimSessions", ["SimSessions"]),
    tests("WebHost", ["WebHost"]),
    tests("CommandLine", ["rtcsim", "Benchmarks", "SimSessions", "WebHost", "RTCTransport", "RTCPrimitives"]),
    tests("Interop", ["rtcsim", "RTCSockets", "RTCSession", "RTCMedia", "RTCTransport", "RTCWire", "RTCPrimitives"]),
    tests("Tidy", []),
  ],
  swiftLanguageModes: [.v6]
)
