import Operators
import Tensors

/// PyTorch's CPU generator: the same numbers, bit for bit, as `torch.Generator().manual_seed(seed)`
/// gives to `torch.randn` for 32-bit floats on a CPU with AVX2 (`formats/sampling.md`).
///
/// Draws follow one another as calls of `torch.randn` with one generator do. The bits do not depend
/// on the machine; draws of fewer than 16 numbers go through the C library's double-precision
/// functions, whose last bit is lost in the rounding to 32 bits but for about one draw in 10⁹.
public struct TorchGenerator: Sendable {
  private static let blockSize = 16
  private var engine: MersenneTwister
  private var spare: Double?

  /// A generator seeded as `manual_seed` does: the low 32 bits count.
  public init(seed: UInt64) {
    engine = MersenneTwister(seed: UInt32(truncatingIfNeeded: seed))
  }

  /// `torch.randn(count)`: independent standard normal numbers.
  ///
  /// The whole array is one draw: the last 16 of a count that is no multiple of 16 are drawn anew,
  /// so two draws of 8 differ from one of 16.
  public mutating func normals(_ count: Int) -> [Float] {
    guard count >= Self.blockSize else { return (0..<max(count, 0)).map { _ in Float(normal()) } }
    var values = (0..<count).map { _ in uniform() }
    for start in stride(from: 0, through: count - Self.blockSize, by: Self.blockSize) {
      BoxMuller.transform(&values, at: start)
    }
    if count % Self.blockSize != 0 {
      let start = count - Self.blockSize
      for index in start..<count { values[index] = uniform() }
      BoxMuller.transform(&values, at: start)
    }
    return values
  }

  /// `torch.randn(shape)`.
  ///
  /// - Throws: `TensorError.outOfMemory`.
  public mutating func normals(_ shape: Shape) throws(TensorError) -> Tensor {
    try Tensor(normals(shape.elementCount), shape)
  }

  /// A number of 0 ..< `bound`, which is at least 1, as `torch.randint(bound, ())` draws it.
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound >= 1)
    if bound >= 1 << 28 { return Int(bits64() % UInt64(bound)) }
    return Int(engine.next() % UInt32(bound))
  }

  /// Uniform in 0 ..< 1, of 24 bits.
  private mutating func uniform() -> Float {
    Float(engine.next() & 0xFF_FFFF) * 0x1p-24
  }

  private mutating func bits64() -> UInt64 {
    let high = UInt64(engine.next())
    return high << 32 | UInt64(engine.next())
  }

  /// Uniform in 0 ..< 1, of 53 bits.
  private mutating func doubleUniform() -> Double {
    Double(bits64() & (1 << 53 - 1)) * 0x1p-53
  }

  /// One normal number of a small draw; each second one is kept from the draw before, even across
  /// calls.
  private mutating func normal() -> Double {
    if let value = spare {
      spare = nil
      return value
    }
    let angle = doubleUniform()
    let (first, second) = BoxMuller.pair(angle: angle, radius: doubleUniform())
    spare = second
    return first
  }
}
