import RTCPrimitives

/// Received bytes that wait for those before them: pieces without overlap, in order.
struct ReassemblyQueue: Sendable {
  private struct Piece: Sendable {
    let begin: Int64
    let bytes: [UInt8]

    var end: Int64 { begin + Int64(bytes.count) }
  }

  private var pieces: [Piece] = []
  /// Where what arrived last begins.
  private var latest: Int64 = 0

  var isEmpty: Bool { pieces.isEmpty }

  /// Keeps those of `bytes`, which begin at `begin`, that are not there yet.
  mutating func insert(_ bytes: Span<UInt8>, at begin: Int64) {
    let end = begin + Int64(bytes.count)
    latest = begin
    var begin = begin
    var index = 0
    while begin < end {
      while index < pieces.count, pieces[index].end <= begin { index += 1 }
      let next = index < pieces.count ? pieces[index].begin : .max
      if begin < next {
        let stop = min(end, next)
        let offset = bytes.count - Int(end - begin)
        pieces.insert(Piece(begin: begin, bytes: bytes.array(offset..<offset + Int(stop - begin))), at: index)
        begin = stop
      } else {
        begin = pieces[index].end
      }
    }
  }

  /// The runs without a gap that lie around what arrived last, then the first others; at most `count` (RFC 2018 §4).
  func runs(atMost count: Int) -> [Range<Int64>] {
    var runs: [Range<Int64>] = []
    for piece in pieces {
      if let last = runs.last, last.upperBound == piece.begin {
        runs[runs.count - 1] = last.lowerBound..<piece.end
      } else {
        runs.append(piece.begin..<piece.end)
      }
    }
    if let place = runs.firstIndex(where: { $0.contains(latest) }) { runs.insert(runs.remove(at: place), at: 0) }
    return Array(runs.prefix(count))
  }

  /// Takes away what follows `edge` without a gap, and what lies before it; gives it in order.
  mutating func take(from edge: Int64, _ body: (Span<UInt8>) -> Void) -> Int64 {
    var edge = edge
    var taken = 0
    for piece in pieces {
      guard piece.begin <= edge else { break }
      taken += 1
      guard piece.end > edge else { continue }
      body(piece.bytes.span.extracting(Int(edge - piece.begin)..<piece.bytes.count))
      edge = piece.end
    }
    pieces.removeFirst(taken)
    return edge
  }
}
