import RTCPrimitives

/// Seeded random mutations of valid inputs, for parsers that must never trap.
struct Mutator {
  private var generator: SeededGenerator
  private let inputs: [[UInt8]]

  /// - Precondition: `inputs` is not empty.
  init(seed: UInt64, stream: String, inputs: [[UInt8]]) {
    generator = SeededGenerator(seed: seed, stream: stream)
    self.inputs = inputs
  }

  /// One of the inputs with up to four changes: bits flipped, bytes replaced, cut off, inserted, removed or appended.
  mutating func next() -> [UInt8] {
    var data = inputs[Int.random(in: 0..<inputs.count, using: &generator)]
    for _ in 0..<Int.random(in: 1...4, using: &generator) { mutate(&data) }
    return data
  }

  private mutating func mutate(_ data: inout [UInt8]) {
    let byte = UInt8.random(in: 0...255, using: &generator)
    guard !data.isEmpty else {
      data.append(byte)
      return
    }
    let index = Int.random(in: 0..<data.count, using: &generator)
    switch Int.random(in: 0..<7, using: &generator) {
    case 0: data[index] ^= 1 << (byte & 7)
    case 1: data[index] = byte
    case 2: data[index] = [0, 1, 0x7F, 0x80, 0xFF][Int(byte) % 5]
    case 3: data.removeLast(data.count - index)
    case 4: data.insert(byte, at: index)
    case 5: data.remove(at: index)
    default: data.append(contentsOf: inputs[Int(byte) % inputs.count])
    }
  }
}
