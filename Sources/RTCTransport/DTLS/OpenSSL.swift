import COpenSSL

/// The error queue of OpenSSL, as values.
enum OpenSSL {
  /// The latest error of this thread.
  struct Failure {
    var library: Int32
    var reason: Int32
    var text: String
  }

  /// Empties the queue and returns its last error, the outermost; `nil` when it was empty.
  static func takeFailure() -> Failure? {
    let code = ERR_peek_last_error()
    ERR_clear_error()
    guard code != 0 else { return nil }
    let text = ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
    return Failure(library: ERR_GET_LIB(code), reason: ERR_GET_REASON(code), text: text)
  }

  static func require(_ condition: Bool, _ operation: String) throws(DTLSError) {
    guard condition else {
      throw .library(operation: operation, reason: takeFailure()?.text ?? "no reason given")
    }
  }

  static func require(_ pointer: OpaquePointer?, _ operation: String) throws(DTLSError) -> OpaquePointer {
    try require(pointer != nil, operation)
    guard let pointer else { preconditionFailure("checked the line before") }
    return pointer
  }
}
