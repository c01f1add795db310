/// The generator MT19937 (Matsumoto and Nishimura 1998).
package struct MersenneTwister: Sendable {
  private static let size = 624
  private var state: [UInt32]
  private var position = size

  /// Seeds the state by Knuth's linear recurrence (`init_genrand`).
  package init(seed: UInt32) {
    state = [seed]
    for index in 1..<Self.size {
      let last = state[index - 1]
      state.append(1_812_433_253 &* (last ^ (last >> 30)) &+ UInt32(index))
    }
  }

  /// The next 32 bits.
  package mutating func next() -> UInt32 {
    if position == Self.size { twist() }
    var bits = state[position]
    position += 1
    bits ^= bits >> 11
    bits ^= (bits << 7) & 0x9D2C_5680
    bits ^= (bits << 15) & 0xEFC6_0000
    return bits ^ (bits >> 18)
  }

  /// A number from 0 to below 1 of 53 random bits.
  package mutating func uniform() -> Double {
    let high = Double(next() >> 5)
    let low = Double(next() >> 6)
    return (high * 67_108_864 + low) / 9_007_199_254_740_992
  }

  private mutating func twist() {
    for index in 0..<Self.size {
      let joined =
        (state[index] & 0x8000_0000) | (state[(index + 1) % Self.size] & 0x7FFF_FFFF)
      let twisted = joined & 1 == 0 ? joined >> 1 : (joined >> 1) ^ 0x9908_B0DF
      state[index] = state[(index + 397) % Self.size] ^ twisted
    }
    position = 0
  }
}
