import Foundation
import Kernels
import Testing

@Suite struct HeadAttentionTests {
  /// Scores below 8 are off by 2^-19 after sums of up to 127 products; exponentials carry it over.
  private static let tolerance: Float = 0x1p-17

  /// One run of `[batch, length, heads, size]` operands, two query heads sharing keys.
  private struct Case {
    let queries: Int
    let keys: Int
    let size: Int
    let valueSize: Int
    let batch = 2
    let heads = 2

    func run(_ q: [Float], _ k: [Float], _ v: [Float]) -> [Float] {
      var y = [Float](repeating: 0, count: batch * queries * heads * valueSize)
      var extents = HeadAttention.Extents()
      (extents.batch, extents.heads, extents.share) = (batch, heads, 2)
      (extents.queries, extents.keys) = (queries, keys)
      (extents.size, extents.valueSize) = (size, valueSize)
      q.withUnsafeBufferPointer { q in
        k.withUnsafeBufferPointer { k in
          v.withUnsafeBufferPointer { v in
            y.withUnsafeMutableBufferPointer { y in
              guard let (q, k, v, y) = Self.bases(q, k, v, y) else { return }
              try? HeadAttention.run(
                .init(q, batch: queries * heads * size, head: size, row: heads * size),
                .init(k, batch: keys * size, head: 0, row: size),
                .init(v, batch: keys * valueSize, head: 0, row: valueSize),
                into: .init(
                  y, batch: queries * heads * valueSize, head: valueSize, row: heads * valueSize),
                scale: 0.7, extents: extents)
            }
          }
        }
      }
      return y
    }

    private typealias Bases = (
      UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>
    )

    private static func bases(
      _ q: UnsafeBufferPointer<Float>, _ k: UnsafeBufferPointer<Float>,
      _ v: UnsafeBufferPointer<Float>, _ y: UnsafeMutableBufferPointer<Float>
    ) -> Bases? {
      guard let q = q.baseAddress, let k = k.baseAddress, let v = v.baseAddress,
        let y = y.baseAddress
      else { return nil }
      return (q, k, v, y)
    }

    func expected(_ q: [Float], _ k: [Float], _ v: [Float]) -> [Float] {
      var y = [Float](repeating: 0, count: batch * queries * heads * valueSize)
      for row in 0..<(batch * heads * queries) {
        let (image, head, query) = (
          row / (heads * queries), row / queries % heads, row % queries
        )
        let left = ((image * queries + query) * heads + head) * size
        let scores = (0..<keys).map { key in
          0.7
            * (0..<size).reduce(0.0) {
              $0 + Double(q[left + $1]) * Double(k[(image * keys + key) * size + $1])
            }
        }
        let weights = scores.map { exp($0 - (scores.max() ?? 0)) }
        let total = weights.reduce(0, +)
        for column in 0..<valueSize {
          let sum = (0..<keys).reduce(0.0) {
            $0 + weights[$1] * Double(v[(image * keys + $1) * valueSize + column])
          }
          y[((image * queries + query) * heads + head) * valueSize + column] = Float(sum / total)
        }
      }
      return y
    }
  }

  @Test(
    "attention is close to the definition, the same bits on every instruction set",
    arguments: [1, 2, 15, 16, 17, 31, 32, 33, 63, 127], [1, 12, 33, 127, 400])
  func matchesTheDefinition(queries: Int, keys: Int) {
    for (size, valueSize) in [(1, 1), (7, 33), (40, 40)] {
      let one = Case(queries: queries, keys: keys, size: size, valueSize: valueSize)
      var numbers = NumberSamples(seed: UInt64(queries * keys + size))
      let q = numbers.uniform(-1, 1, count: 2 * queries * 2 * size)
      let k = numbers.uniform(-1, 1, count: 2 * keys * size)
      let v = numbers.uniform(-1, 1, count: 2 * keys * valueSize)
      let expected = one.expected(q, k, v)
      let results = underEveryInstructionSet { one.run(q, k, v) }
      for result in results {
        #expect(sameBits(result.values, results[0].values))
        let worst = zip(result.values, expected).map { abs($0 - $1) }.max() ?? 0
        #expect(worst <= Self.tolerance)
      }
    }
  }
}
