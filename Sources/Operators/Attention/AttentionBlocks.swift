import Kernels
import Tensors

/// fp32 attention as products of matrices, a block of queries at a time, so that the scores of all
/// queries never exist at once.
struct AttentionBlocks {
  let scores: AttentionScores<Float>

  /// How many queries a block has.
  private static let blockLength = 128

  /// Computes what `AttentionScores.run` does, without showing a stage.
  func run(
    _ query: UnsafePointer<Float>, _ key: UnsafePointer<Float>, _ value: UnsafePointer<Float>,
    into target: UnsafeMutablePointer<Float>, context: ExecutionContext
  ) throws {
    let (queries, keys, values) = (scores.queries, scores.keys, scores.values)
    if scores.softcap <= 0, !scores.bias.isNeeded, queries.size > 0 {
      return try runPlain(query, key, value, into: target)
    }
    let share = queries.heads / keys.heads
    let length = min(Self.blockLength, queries.length)
    let block = try context.allocate(.float32, Shape(checking: [length, keys.length]))
    let rows = block.mutablePointer(as: Float.self)
    for image in 0..<queries.batch {
      for head in 0..<queries.heads {
        let others = key + keys.start(image: image, head: head / share)
        let sources = value + values.start(image: image, head: head / share)
        for first in stride(from: 0, to: queries.length, by: length) {
          let positions = first..<min(first + length, queries.length)
          SingleProduct.run(
            .init(
              base: query + queries.start(image: image, head: head) + first * queries.rowStride,
              stride: queries.rowStride), .init(base: others, stride: keys.rowStride),
            transposesB: true, into: rows, rowStride: keys.length, m: positions.count,
            n: keys.length, k: queries.size)
          soften(rows, positions, image: image, head: head)
          SingleProduct.run(
            .init(base: rows, stride: keys.length), .init(base: sources, stride: values.rowStride),
            into: target + scores.output.start(image: image, head: head)
              + first * scores.output.rowStride, rowStride: scores.output.rowStride,
            m: positions.count, n: values.size, k: keys.length)
        }
      }
    }
  }

  /// Attention without a mask or a cap, by the kernel that stores no scores.
  private func runPlain(
    _ query: UnsafePointer<Float>, _ key: UnsafePointer<Float>, _ value: UnsafePointer<Float>,
    into target: UnsafeMutablePointer<Float>
  ) throws {
    let (queries, keys, values) = (scores.queries, scores.keys, scores.values)
    var extents = HeadAttention.Extents()
    (extents.batch, extents.heads) = (queries.batch, queries.heads)
    extents.share = queries.heads / keys.heads
    (extents.queries, extents.keys) = (queries.length, keys.length)
    (extents.size, extents.valueSize) = (queries.size, values.size)
    try HeadAttention.run(
      queries.rows(query), keys.rows(key), values.rows(value), into: scores.output.rows(target),
      scale: scores.scale, extents: extents)
  }

  /// Turns products into probabilities.
  private func soften(
    _ rows: UnsafeMutablePointer<Float>, _ positions: Range<Int>, image: Int, head: Int
  ) {
    let count = scores.keys.length
    let (scale, cap) = (scores.scale, scores.softcap)
    let bias = scores.bias
    Parallel.forEach(count: positions.count, grain: max(1, 16_384 / max(1, count))) { range in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: bias.isNeeded ? count : 0) { extra in
        for index in range {
          let row = rows + index * count
          for other in 0..<count { row[other] *= scale }
          if cap > 0 {
            for other in 0..<count { row[other] = cap * Float.tanh(row[other] / cap) }
          }
          if bias.isNeeded, let extra = extra.baseAddress {
            let isShut = bias.fill(
              extra, count: count, image: image, head: head,
              query: positions.lowerBound + index)
            guard !isShut else {
              row.update(repeating: 0, count: count)
              continue
            }
            for other in 0..<count { row[other] += extra[other] }
          }
          Softmax.apply(row, row, outer: 1, axis: count)
        }
      }
    }
  }
}

extension AttentionBias {
  /// Whether anything is added at all.
  var isNeeded: Bool {
    mask != nil || isCausal || left != nil || right != nil || validCounts != nil
  }
}

extension HeadLayout {
  /// The rows of an operand of this layout that begins at `data`.
  func rows<Pointer>(_ data: Pointer) -> HeadAttention.Rows<Pointer> {
    HeadAttention.Rows(
      data, batch: heads * length * size, head: isPacked ? size : length * size, row: rowStride)
  }
}
