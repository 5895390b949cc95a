/// Why a request is not handed to the handler, as the client is told. The connection is closed afterwards.
struct Refusal: Error, Equatable {
  let status: Int
  let sentence: String

  init(_ status: Int, _ sentence: String) {
    self.status = status
    self.sentence = sentence
  }

  static func malformed(_ what: String) -> Self { Self(400, "The request is malformed: \(what).") }

  var response: HTTPResponse {
    var response = HTTPResponse.text(sentence, status: status)
    switch status {
    case 405:
      let methods = HTTPRequest.Method.allCases.map(\.rawValue).joined(separator: ", ")
      response.headers.append(HTTPResponse.Header("Allow", methods))
    case 426: response.headers += WebSocketHandshake.refusalHeaders
    default: break
    }
    return response
  }
}
