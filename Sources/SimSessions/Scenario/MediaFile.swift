import RTCMedia
import SimKernel

/// A file with pictures or sound that a scenario names.
public struct MediaFile: Hashable, Sendable {
  public let path: String
  /// In bytes.
  public let size: Int
  /// Of the content; equal files have equal digests wherever they lie.
  public let digest: String

  init(path: String, content: [UInt8]) {
    self.path = path
    size = content.count
    var hash = TraceHash()
    content.withUnsafeBufferPointer { hash.combine($0) }
    digest = hash.description
  }
}

extension ScenarioFiles {
  /// A Y4M file whose pictures are as `video` says: nothing is scaled or left out.
  func pictures(_ reader: FieldReader, for video: VideoProfile) throws(ScenarioError) -> MediaFile {
    let (path, content) = try read(reader, "a Y4M file")
    let file: Y4MFile
    do throws(MediaFileError) { file = try Y4MFile(parsing: content) } catch {
      throw reader.failure("a whole Y4M file; in this one, \(error)")
    }
    guard (file.width, file.height) == (video.width, video.height) else {
      throw reader.failure(
        "pictures of \(video.width)×\(video.height), as video.width and video.height say",
        found: "'\(path)' of \(file.width)×\(file.height)")
    }
    let (numerator, denominator) = file.frameRate
    guard numerator % denominator == 0, numerator / denominator == video.frameRate else {
      throw reader.failure(
        "\(video.frameRate) pictures per second, as video.frameRate says",
        found: "'\(path)' of \(numerator):\(denominator) pictures per second")
    }
    return MediaFile(path: path, content: content)
  }

  /// A WAV file of one channel, as encoders take it.
  func sound(_ reader: FieldReader) throws(ScenarioError) -> MediaFile {
    let (path, content) = try read(reader, "a WAV file")
    let file: WAVFile
    do throws(MediaFileError) { file = try WAVFile(parsing: content) } catch {
      throw reader.failure("a whole WAV file; in this one, \(error)")
    }
    guard file.channels == 1 else {
      throw reader.failure("one channel", found: "'\(path)' of \(file.channels) channels")
    }
    return MediaFile(path: path, content: content)
  }

  private func read(_ reader: FieldReader, _ kind: String) throws(ScenarioError) -> (path: String, content: [UInt8]) {
    guard let file = media(try reader.text("a path of \(kind), or null")) else {
      throw reader.failure("the path of \(kind) that can be read, relative to the scenario's folder")
    }
    return file
  }
}
