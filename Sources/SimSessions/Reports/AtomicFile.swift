import Glibc

/// A file that appears whole or not at all: it is written beside its place and renamed by `commit`.
///
/// Opening it early finds out before a long run whether the place can be written.
package struct AtomicFile: ~Copyable {
  private let path: String
  private let temporaryPath: String
  private let descriptor: Int32

  /// Creates a temporary file in the folder of `path`.
  package init(path: String) throws(FileError) {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG { throw .notAFile(path: path) }
    let created = try Self.create(beside: path)
    self.path = path
    temporaryPath = created.path
    descriptor = created.descriptor
  }

  private static func create(beside path: String) throws(FileError) -> (path: String, descriptor: Int32) {
    for attempt in 0..<100 {
      let candidate = "\(path).\(getpid())-\(attempt).partial"
      let descriptor = open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor >= 0 { return (candidate, descriptor) }
      guard errno == EEXIST else { break }
    }
    throw .cannotWrite(path: path, reason: String(cString: strerror(errno)))
  }

  deinit {
    close(descriptor)
    unlink(temporaryPath)
  }

  package func append(_ bytes: [UInt8]) throws(FileError) {
    var offset = 0
    while offset < bytes.count {
      let written = bytes[offset...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw .cannotWrite(path: path, reason: String(cString: strerror(errno))) }
      offset += written
    }
  }

  package func append(_ text: String) throws(FileError) { try append(Array(text.utf8)) }

  /// Puts the file in its place, over one that was there.
  package consuming func commit() throws(FileError) {
    guard fsync(descriptor) == 0, rename(temporaryPath, path) == 0 else {
      throw .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
  }

  /// Writes the whole of `text` to `path`, or nothing.
  package static func write(_ text: String, to path: String) throws(FileError) {
    let file = try AtomicFile(path: path)
    try file.append(text)
    try file.commit()
  }
}

/// Why a file could not be read or written.
package enum FileError: Error, Hashable, Sendable, CustomStringConvertible {
  case cannotRead(path: String, reason: String)
  case cannotWrite(path: String, reason: String)
  case notAFile(path: String)

  package var description: String {
    switch self {
    case .cannotRead(let path, let reason): "cannot read \(path): \(reason)"
    case .cannotWrite(let path, let reason): "cannot write \(path): \(reason)"
    case .notAFile(let path): "cannot write \(path): it is there and is not a plain file"
    }
  }
}
