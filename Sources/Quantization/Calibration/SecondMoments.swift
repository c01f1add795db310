import Kernels
import Synchronization
import Tensors

/// The second moments X Xᵀ of a product's inputs, summed over samples.
///
/// `[depth, depth]` is cut into blocks on the diagonal of at most `maximumBlock` columns; moments
/// between blocks are left out, so that memory stays bounded.
public struct SecondMoments: Sendable {
  /// The most columns in a block.
  public static let maximumBlock = 2304

  /// The columns of each block.
  let blocks: [Range<Int>]
  /// For each block `[columns, columns]`.
  private(set) var sums: [[Double]]
  /// The sum of each column's inputs.
  private(set) var totals: [Double]
  /// How many rows were taken in.
  private(set) var rowCount = 0

  /// Moments of nothing over `depth` inputs.
  init(depth: Int) {
    let count = max(1, (depth + Self.maximumBlock - 1) / Self.maximumBlock)
    blocks = (0..<count).map { $0 * depth / count..<($0 + 1) * depth / count }
    sums = blocks.map { [Double](repeating: 0, count: $0.count * $0.count) }
    totals = [Double](repeating: 0, count: depth)
  }

  /// The bytes that the moments of `depth` inputs take.
  static func byteCount(depth: Int) -> Int {
    let block = min(depth, maximumBlock)
    return 8 * (depth + 1) * block
  }

  /// Takes in `rows` `[count, depth]`.
  mutating func add(_ rows: UnsafePointer<Float>, count: Int) {
    let depth = totals.count
    for (index, block) in blocks.enumerated() {
      let width = block.count
      let part = rows + block.lowerBound
      let product = [Float](unsafeUninitializedCapacity: width * width) { buffer, filled in
        if let target = buffer.baseAddress {
          MatrixProduct(rows: width, depth: count, columns: width).run(
            .strided(part, rowStride: 1, columnStride: depth),
            .strided(part, rowStride: depth, columnStride: 1), into: target)
        }
        filled = width * width
      }
      sums[index].add(product)
    }
    for row in 0..<count {
      for column in 0..<depth { totals[column] += Double(rows[row * depth + column]) }
    }
    rowCount += count
  }

  /// The mean of each column's inputs.
  var means: [Double] { totals.map { rowCount > 0 ? $0 / Double(rowCount) : 0 } }
}

extension [Double] {
  fileprivate mutating func add(_ addends: [Float]) {
    withUnsafeMutableBufferPointer { sums in
      addends.withUnsafeBufferPointer { addends in
        for index in addends.indices { sums[index] += Double(addends[index]) }
      }
    }
  }
}

/// The moments of one layer's inputs, for each group of its weight.
public struct LayerMoments: Sendable {
  /// How the weight is multiplied by the inputs.
  let matrix: WeightMatrix
  /// One for each group.
  var groups: [SecondMoments]

  init(_ matrix: WeightMatrix) {
    self.matrix = matrix
    groups = [SecondMoments](
      repeating: SecondMoments(depth: matrix.depth), count: matrix.groups)
  }

  /// The bytes they take.
  static func byteCount(_ matrix: WeightMatrix) -> Int {
    matrix.groups * SecondMoments.byteCount(depth: matrix.depth)
  }
}
