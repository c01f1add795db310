import Kernels
import Tensors

/// Rounds a weight by the second moments of its inputs (`FeedbackFactor`).
///
/// Columns come in the order of falling moments, so that those whose errors weigh most are rounded
/// while most others can still make up for them. A hundredth of the mean moment is added to the
/// diagonal.
struct SecondOrderRounder {
  /// The share of the mean moment that is added to the diagonal.
  static let damping = 0.01

  let moments: LayerMoments
  let integers: IntegerRange
  let layout: ScaleLayout
  let parameters: [ScaleParameters]

  /// Writes the integers of `source` over `target`, of the same shape.
  ///
  /// - Throws: `KernelError.outOfMemory`.
  func round(_ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Int8>) throws {
    for (group, moments) in moments.groups.enumerated() {
      for (block, columns) in moments.blocks.enumerated() {
        try round(source, group, columns, moments.sums[block], into: target)
      }
    }
  }

  private func round(
    _ source: UnsafePointer<Float>, _ group: Int, _ columns: Range<Int>, _ sums: [Double],
    into target: UnsafeMutablePointer<Int8>
  ) throws {
    let count = columns.count
    let order = (0..<count).sorted { (-sums[$0 * (count + 1)], $0) < (-sums[$1 * (count + 1)], $1) }
    guard let factor = factor(sums, order) else { return }
    let matrix = moments.matrix
    let ordered = order.map { $0 + columns.lowerBound }
    let (groups, groupCount) = columnGroups(group, ordered)
    var weights = [Float](repeating: 0, count: matrix.rows * count)
    var scales = [Float](repeating: 1, count: matrix.rows * groupCount)
    var zeroPoints = [Int32](repeating: 0, count: matrix.rows * groupCount)
    for row in 0..<matrix.rows {
      for (index, column) in ordered.enumerated() {
        let offset = matrix.offset(group, row, column)
        weights[row * count + index] = source[offset]
        let parameter = parameters[layout.scale(at: offset)]
        scales[row * groupCount + Int(groups[index])] = parameter.scale
        zeroPoints[row * groupCount + Int(groups[index])] = Int32(parameter.zeroPoint)
      }
    }
    var rounded = [Int8](repeating: 0, count: weights.count)
    try FeedbackRounding(
      factor: factor, columnGroups: groups,
      bounds: Int32(integers.lowest)...Int32(integers.highest)
    ).round(weights, rows: matrix.rows, scales: scales, zeroPoints: zeroPoints, into: &rounded)
    for row in 0..<matrix.rows {
      for (index, column) in ordered.enumerated() {
        target[matrix.offset(group, row, column)] = rounded[row * count + index]
      }
    }
  }

  /// The factor of the moments in `order`, more damped where they are not positive definite.
  private func factor(_ sums: [Double], _ order: [Int]) -> FeedbackFactor? {
    let count = order.count
    let mean = (0..<count).reduce(0.0) { $0 + sums[$1 * (count + 1)] } / Double(max(count, 1))
    guard mean > 0, mean.isFinite else { return nil }
    var damping = Self.damping
    while damping < 1e3 {
      var ordered = [Double](repeating: 0, count: count * count)
      for row in 0..<count {
        for column in 0..<count {
          ordered[row * count + column] = sums[order[row] * count + order[column]]
        }
        ordered[row * (count + 1)] += damping * mean
      }
      if let factor = FeedbackFactor(moments: &ordered, count: count) { return factor }
      damping *= 10
    }
    return nil
  }

  /// The columns' groups of scales: columns that share scales in one row share them in all.
  private func columnGroups(_ group: Int, _ columns: [Int]) -> ([UInt32], count: Int) {
    var numbers: [Int: UInt32] = [:]
    let groups = columns.map { column -> UInt32 in
      let scale = layout.scale(at: moments.matrix.offset(group, 0, column))
      if let number = numbers[scale] { return number }
      let number = UInt32(numbers.count)
      numbers[scale] = number
      return number
    }
    return (groups, max(numbers.count, 1))
  }
}

extension LayerMoments {
  /// The mean square of the input that each element of the weight is multiplied by.
  func importance(elementCount: Int) -> [Float] {
    var importance = [Float](repeating: 0, count: elementCount)
    for (group, moments) in groups.enumerated() {
      for (block, columns) in moments.blocks.enumerated() {
        for (index, column) in columns.enumerated() {
          let square = moments.sums[block][index * (columns.count + 1)]
          let mean = Float(square / Double(max(moments.rowCount, 1)))
          for row in 0..<matrix.rows { importance[matrix.offset(group, row, column)] = mean }
        }
      }
    }
    return importance
  }

  /// Σ_k (w − ŵ)_k · mean input k for each output channel: what the quantized product lacks on
  /// average. Nil where rows are taps of a transposed convolution.
  func outputShift(
    _ source: UnsafePointer<Float>, _ restored: (_ offset: Int) -> Float
  ) -> [Float]? {
    guard matrix.rowsPerChannel == 1 else { return nil }
    return groups.enumerated().flatMap { group, moments in
      let means = moments.means
      return (0..<matrix.rows).map { row in
        var sum = 0.0
        for column in 0..<matrix.depth {
          let offset = matrix.offset(group, row, column)
          sum += Double(source[offset] - restored(offset)) * means[column]
        }
        return Float(sum)
      }
    }
  }
}
