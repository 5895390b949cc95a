import Foundation
import RTCMedia
import RTCPrimitives
import SimSessions

/// What a peer shows and says: a test picture and a synthetic voice, or files that begin again at their end.
struct PeerSource {
  let width: Int
  let height: Int
  /// Pictures per second, as a fraction.
  let frameRate: (numerator: Int, denominator: Int)
  let channels: Int
  private let camera: SyntheticCamera?
  private let pictures: Y4MFile?
  private let voice = SyntheticSpeech(seed: 1)
  private let sounds: WAVFile?

  static let soundRate = (numerator: 50, denominator: 1)

  /// - Parameters: Paths; `nil` for what is synthetic.
  /// - Throws: `CommandLineError` for a file that cannot be used.
  init(video: String?, audio: String?) throws {
    pictures = try video.map { try PeerFile.pictures($0, for: "--video") }
    sounds = try audio.map(Self.sounds)
    width = pictures?.width ?? 640
    height = pictures?.height ?? 360
    frameRate = pictures?.frameRate ?? (30, 1)
    channels = sounds?.channels ?? 1
    camera = pictures == nil ? SyntheticCamera(seed: 1, width: width, height: height) : nil
  }

  func picture(_ index: Int) -> VideoFrame {
    if let pictures { return pictures.frame(at: index) }
    guard let camera else { preconditionFailure("what is no file is the synthetic camera's") }
    return camera.frame(at: index)
  }

  /// 20 ms.
  func sound(_ index: Int) -> AudioFrame { sounds?.frame(at: index) ?? voice.frame(at: index) }

  private static func sounds(_ path: String) throws -> WAVFile {
    let bytes = try PeerFile.bytes(path, for: "--audio")
    do throws(MediaFileError) { return try WAVFile(parsing: bytes) } catch {
      throw CommandLineError.badValue(
        name: "--audio", found: path, allowed: "a WAV file of 16 bits at 48 kHz; in this one, \(error)")
    }
  }
}

/// Files that the command line names.
enum PeerFile {
  static func bytes(_ path: String, for option: String) throws(PeerOptionError) -> [UInt8] {
    do { return [UInt8](try Data(contentsOf: URL(filePath: path))) } catch {
      throw .file(option: option, .cannotRead(path: path, reason: error.localizedDescription))
    }
  }

  static func pictures(_ path: String, for option: String) throws -> Y4MFile {
    let bytes = try bytes(path, for: option)
    do throws(MediaFileError) { return try Y4MFile(parsing: bytes) } catch {
      throw CommandLineError.badValue(
        name: option, found: path, allowed: "a Y4M file of 4:2:0 pictures; in this one, \(error)")
    }
  }
}
