/// The one of `names` that `name` was most likely meant to be; `nil` when none is near.
///
/// Near is an edit distance (insert, delete, replace, swap neighbours; case does not count) of at most a third of the
/// longer name, or a beginning of at least three letters.
package func nearestName(to name: String, in names: some Sequence<String>) -> String? {
  let wanted = Array(name.lowercased())
  var best: (name: String, distance: Int)?
  for candidate in names {
    let letters = Array(candidate.lowercased())
    let isBeginning = wanted.count >= 3 && letters.starts(with: wanted)
    let distance = isBeginning ? 1 : editDistance(wanted, letters)
    let limit = max(1, max(wanted.count, letters.count) / 3)
    guard distance <= limit, distance < best?.distance ?? .max else { continue }
    best = (candidate, distance)
  }
  return best?.name
}

/// The optimal string alignment distance.
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
  var beforeLast: [Int] = []
  var last = Array(0...right.count)
  for row in 1..<(left.count + 1) {
    var current = [row]
    for column in 1..<(right.count + 1) {
      let replaced = last[column - 1] + (left[row - 1] == right[column - 1] ? 0 : 1)
      var distance = min(replaced, last[column] + 1, current[column - 1] + 1)
      if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
        distance = min(distance, beforeLast[column - 2] + 1)
      }
      current.append(distance)
    }
    beforeLast = last
    last = current
  }
  return last[right.count]
}
