import Glibc

/// A file that appears whole or not at all: it is written without a name in its folder, and gets one in `commit`.
///
/// Opening it early finds out before a long run whether the place can be written. Without a name nothing stays behind
/// when the process is killed; where a file system has no such files, it has a name that ends in `.partial`.
package struct AtomicFile: ~Copyable {
  private let path: String
  /// `nil` while the file has no name.
  private var temporaryPath: String?
  private let descriptor: Int32

  /// Creates a temporary file in the folder of `path`.
  package init(path: String) throws(FileError) {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG { throw .notAFile(path: path) }
    let opened = try Self.open(path)
    self.path = path
    temporaryPath = opened.name
    descriptor = opened.descriptor
  }

  private static func open(_ path: String) throws(FileError) -> (name: String?, descriptor: Int32) {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    var descriptor = Glibc.open(folder, O_WRONLY | temporaryFile | O_CLOEXEC, 0o666)
    guard descriptor < 0 else { return (nil, descriptor) }
    let name = firstFree(beside: path) {
      descriptor = Glibc.open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      return descriptor >= 0
    }
    guard name != nil else { throw cannotWrite(path) }
    return (name, descriptor)
  }

  /// `O_TMPFILE` of Linux, which Glibc's module does not show.
  private static let temporaryFile = 0o20_000_000 | O_DIRECTORY

  /// The first name beside `path` that `create` can use, if any.
  private static func firstFree(beside path: String, _ create: (String) -> Bool) -> String? {
    for attempt in 0..<100 {
      let candidate = "\(path).\(getpid())-\(attempt).partial"
      if create(candidate) { return candidate }
      guard errno == EEXIST else { break }
    }
    return nil
  }

  private static func cannotWrite(_ path: String) -> FileError {
    .cannotWrite(path: path, reason: String(cString: strerror(errno)))
  }

  deinit {
    close(descriptor)
    if let temporaryPath { unlink(temporaryPath) }
  }

  package func append(_ bytes: [UInt8]) throws(FileError) {
    var offset = 0
    while offset < bytes.count {
      let written = bytes[offset...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw Self.cannotWrite(path) }
      offset += written
    }
  }

  /// Overwrites what was written before, as a length in a header that is known only at the end.
  package func replace(_ bytes: [UInt8], at offset: Int) throws(FileError) {
    let written = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
    guard written == bytes.count else { throw Self.cannotWrite(path) }
  }

  package func append(_ text: String) throws(FileError) { try append(Array(text.utf8)) }

  /// Puts the file in its place, over one that was there.
  package consuming func commit() throws(FileError) {
    guard fsync(descriptor) == 0 else { throw Self.cannotWrite(path) }
    if temporaryPath == nil {
      temporaryPath = Self.firstFree(beside: path) { [descriptor] name in
        linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0
      }
    }
    guard let temporaryPath, rename(temporaryPath, path) == 0 else { throw Self.cannotWrite(path) }
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
