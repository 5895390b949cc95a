internal import CYUV

extension VideoFrame {
  /// The same picture in another size, each pixel the mean of those that it stands for.
  ///
  /// - Precondition: both dimensions are even and at least 2.
  public func scaled(width: Int, height: Int) -> VideoFrame {
    guard width != self.width || height != self.height else { return self }
    var output = VideoFrame(width: width, height: height)
    let (u, v) = (output.uRange.lowerBound, output.vRange.lowerBound)
    let status = bytes.withUnsafeBufferPointer { source in
      output.bytes.withUnsafeMutableBufferPointer { target -> Int32 in
        guard let from = source.baseAddress, let to = target.baseAddress else { return -1 }
        return I420Scale(
          from, Int32(self.width), from + uRange.lowerBound, Int32(self.width / 2), from + vRange.lowerBound,
          Int32(self.width / 2), Int32(self.width), Int32(self.height), to, Int32(width), to + u, Int32(width / 2),
          to + v, Int32(width / 2), Int32(width), Int32(height), kFilterBox)
      }
    }
    precondition(status == 0, "libyuv scales between valid frames")
    return output
  }
}
