import RTCMedia

/// How a connection's encoders follow its congestion controller.
extension Connection {
  /// The share of pictures that congestion control wants left out.
  var frameReduction: Double { core.control?.decision?.frameReduction ?? 0 }

  /// Lets an encoder have its part of what congestion control allows; nothing happens to one of a fixed rate.
  func adapt(_ encoder: VideoStreamEncoder, on line: Int) {
    guard encoder.adapter != nil else { return }
    adapted.video.append(AdaptedStreams.Video(line: line, encoder: encoder))
  }
}

extension EndpointSettings {
  /// How encoders of video adapt: with congestion control, to all that there is.
  ///
  /// Not inlined: Swift 6.3.1's optimizer ends with an ownership error in `Client.prepareEncoders` otherwise.
  @inline(never) var adaptation: VideoAdapter.Policy? {
    congestion == nil ? nil : VideoAdapter.Policy(adaptation: videoAdaptation)
  }
}
