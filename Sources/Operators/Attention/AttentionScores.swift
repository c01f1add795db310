import Kernels
import Tensors

/// Which stage of the scores attention's fourth output shows.
enum AttentionStage: Int, Sendable {
  /// The scaled products of queries and keys.
  case products = 0
  /// After the soft cap.
  case capped = 1
  /// After the bias.
  case biased = 2
  /// After softmax.
  case probabilities = 3
}

/// Scaled dot-product attention by its definition, one row of scores at a time.
struct AttentionScores<Real: RealElement> {
  let queries: HeadLayout
  let keys: HeadLayout
  let values: HeadLayout
  let output: HeadLayout
  let scale: Real
  let softcap: Real
  let bias: AttentionBias<Real>
  let stage: AttentionStage

  /// Computes `target`, and `stage`'s scores `[N, heads, queries, keys]` where asked.
  func run(
    _ query: UnsafePointer<Real>, _ key: UnsafePointer<Real>, _ value: UnsafePointer<Real>,
    into target: UnsafeMutablePointer<Real>, scores: UnsafeMutablePointer<Real>?
  ) {
    let share = queries.heads / keys.heads
    Parallel.forEachIndex(count: queries.batch * queries.heads) { index in
      let (image, head) = index.quotientAndRemainder(dividingBy: queries.heads)
      let own = query + queries.start(image: image, head: head)
      let others = key + keys.start(image: image, head: head / share)
      let sources = value + values.start(image: image, head: head / share)
      let results = target + output.start(image: image, head: head)
      let count = keys.length
      withUnsafeTemporaryAllocation(of: Real.self, capacity: 2 * count + 1) { scratch in
        guard let row = scratch.baseAddress else { return }
        for position in 0..<queries.length {
          let shown = scores.map { $0 + (index * queries.length + position) * count }
          let isShut = bias.fill(
            row + count, count: count, image: image, head: head, query: position)
          probabilities(own + position * queries.rowStride, others, row, isShut, shown)
          mix(row, sources, into: results + position * output.rowStride)
        }
      }
    }
  }

  /// Turns one query into a row of probabilities; the row's biases follow it.
  private func probabilities(
    _ query: UnsafePointer<Real>, _ key: UnsafePointer<Real>, _ row: UnsafeMutablePointer<Real>,
    _ isShut: Bool, _ shown: UnsafeMutablePointer<Real>?
  ) {
    let count = keys.length
    for other in 0..<count {
      let source = key + other * keys.rowStride
      var sum: Real = 0
      for index in 0..<queries.size { sum += query[index] * source[index] }
      row[other] = sum * scale
    }
    if stage == .products { shown?.update(from: row, count: count) }
    if softcap > 0 {
      for other in 0..<count { row[other] = softcap * Real.tanh(row[other] / softcap) }
    }
    if stage == .capped { shown?.update(from: row, count: count) }
    for other in 0..<count { row[other] += row[count + other] }
    if stage == .biased { shown?.update(from: row, count: count) }
    if isShut {
      row.update(repeating: 0, count: count)
    } else {
      let norm = SoftmaxNorm(row, count: count, stride: 1)
      for other in 0..<count { row[other] = Real.exp(row[other] - norm.greatest) / norm.sum }
    }
    if stage == .probabilities { shown?.update(from: row, count: count) }
  }

  private func mix(
    _ row: UnsafePointer<Real>, _ value: UnsafePointer<Real>,
    into target: UnsafeMutablePointer<Real>
  ) {
    target.update(repeating: 0, count: values.size)
    for other in 0..<keys.length where row[other] != 0 {
      let weight = row[other]
      let source = value + other * values.rowStride
      for index in 0..<values.size { target[index] += weight * source[index] }
    }
  }
}
