import ModelGraph
import Tensors

/// The extents of a product of two stacks of matrices, as numpy.matmul pairs them: leading axes
/// broadcast, vectors count as a row on the left and a column on the right.
struct MatrixShapes {
  let rows: Int
  let columns: Int
  let depth: Int
  /// The result's shape.
  let shape: Shape
  /// How the stacks' matrices pair up.
  let batch: Broadcast

  /// The product of tensors of these shapes.
  ///
  /// - Throws: `OperatorError.inputShape` for scalars, `.mismatch` where the inner extents or the
  ///   leading axes do not fit.
  init(_ a: Shape, _ b: Shape) throws {
    guard a.rank > 0, b.rank > 0 else {
      throw OperatorError.inputShape(
        index: a.rank == 0 ? 0 : 1, expected: "at least one axis", found: .scalar)
    }
    rows = a.rank == 1 ? 1 : a[a.rank - 2]
    depth = a[a.rank - 1]
    columns = b.rank == 1 ? 1 : b[b.rank - 1]
    guard depth == b[max(0, b.rank - 2)] else {
      throw OperatorError.mismatch(
        expected: "matrices whose inner extents agree", found: "\(a) and \(b)")
    }
    batch = try Broadcast([
      Shape(Array(a.dimensions.dropLast(2))), Shape(Array(b.dimensions.dropLast(2))),
    ])
    shape = try Shape.checked(
      batch.shape.dimensions + (a.rank == 1 ? [] : [rows]) + (b.rank == 1 ? [] : [columns]))
  }

  /// How many products of two matrices there are.
  var count: Int { batch.elementCount }

  /// Calls `body` for each product: its number, and those of its matrices.
  func forEachProduct(_ body: (_ product: Int, _ left: Int, _ right: Int) -> Void) {
    forEachRun { run in
      for index in 0..<run.count {
        body(
          run.product + index, run.left + index * run.leftStep, run.right + index * run.rightStep)
      }
    }
  }

  /// Neighbouring products whose matrices lie evenly apart.
  struct Run {
    /// The first product, and its matrices.
    let product: Int
    let left: Int
    let right: Int
    /// From one product's matrix to the next's: 0 or 1.
    let leftStep: Int
    let rightStep: Int
    let count: Int
  }

  /// Calls `body` for runs of products that make up all of them.
  func forEachRun(_ body: (Run) -> Void) {
    let (leftStep, rightStep) = (batch.innerStride(0), batch.innerStride(1))
    batch.forEachRun(in: 0..<count) { result, operands, count in
      body(
        Run(
          product: result, left: operands[0], right: operands[1], leftStep: leftStep,
          rightStep: rightStep, count: count))
    }
  }

  /// The result's extents as far as the operands' are known; nil where a rank is not.
  ///
  /// - Throws: `OperatorError.mismatch` where they cannot fit.
  static func infer(_ a: TensorType, _ b: TensorType) throws -> [Dimension]? {
    guard let left = a.dimensions, let right = b.dimensions, !left.isEmpty, !right.isEmpty else {
      return nil
    }
    let inner = right[max(0, right.count - 2)]
    if let first = left.last?.fixedValue, let second = inner.fixedValue, first != second {
      throw OperatorError.mismatch(
        expected: "matrices whose inner extents agree", found: "\(first) and \(second)")
    }
    let batch = try broadcastDimensions([
      TensorType(a.dtype, left.dropLast(2)), TensorType(b.dtype, right.dropLast(2)),
    ])
    return batch.map { batch in
      batch + (left.count == 1 ? [] : [left[left.count - 2]])
        + (right.count == 1 ? [] : [right[right.count - 1]])
    }
  }
}
