import CUsrsctp
import Glibc

/// A private copy of libusrsctp, with variables of its own.
///
/// The state of usrsctp is global to a process: one set of associations, one timer wheel, one store of secrets. Runs
/// that shared it would see each other, and a run that is repeated would find what the last one left. The library is
/// therefore copied into an anonymous file and loaded from there, once for each owner; the loader takes every file for
/// another library. What it calls in the C library is the same for all.
///
/// A copy takes about a megabyte and a millisecond, and has one thread that waits all its life for work which does not
/// occur without address reconfiguration.
final class SCTPLibrary {
  let functions: rtcsim_usrsctp
  private let handle: UnsafeMutableRawPointer
  /// Kept open: the loader knows libraries by their names first, and a number that is used again would be a known name.
  private let descriptor: Int32

  /// - Throws: `SCTPError.library`.
  init() throws(SCTPError) {
    guard let path = Self.path else { throw .library("\(Self.name) is not installed (make deps does it)") }
    let descriptor = try Self.copy(path)
    guard let handle = dlopen("/proc/self/fd/\(descriptor)", RTLD_NOW | RTLD_LOCAL) else {
      let reason = Self.loaderMessage
      close(descriptor)
      throw .library(reason)
    }
    var functions = rtcsim_usrsctp()
    if let missing = rtcsim_usrsctp_look_up(handle, &functions) {
      let name = String(cString: missing)
      dlclose(handle)
      close(descriptor)
      throw .library("\(path) has no \(name)")
    }
    self.functions = functions
    self.handle = handle
    self.descriptor = descriptor
  }

  deinit {
    dlclose(handle)
    close(descriptor)
  }

  private static let name = "libusrsctp.so.2"

  /// Where the loader finds the library.
  private static let path: String? = {
    guard let handle = dlopen(name, RTLD_LAZY | RTLD_LOCAL) else { return nil }
    defer { dlclose(handle) }
    guard let path = rtcsim_library_path(handle) else { return nil }
    return String(cString: path)
  }()

  /// An anonymous file with the bytes of the library.
  private static func copy(_ path: String) throws(SCTPError) -> Int32 {
    let source = open(path, O_RDONLY | O_CLOEXEC)
    guard source >= 0 else { throw .library("\(path) cannot be read (error \(errno))") }
    defer { close(source) }
    // 1 is MFD_CLOEXEC.
    let target = memfd_create("usrsctp", 1)
    guard target >= 0 else { throw .library("no anonymous file can be made (error \(errno))") }
    while true {
      let count = sendfile(target, source, nil, 1 << 24)
      if count == 0 { return target }
      guard count > 0 else {
        let number = errno
        close(target)
        throw .library("\(path) cannot be copied (error \(number))")
      }
    }
  }

  private static var loaderMessage: String { dlerror().map { String(cString: $0) } ?? "it cannot be loaded" }
}
