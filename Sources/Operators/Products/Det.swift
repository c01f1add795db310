import Kernels
import ModelGraph
import Tensors

/// `Det` (ai.onnx 22): the determinants of square matrices `[…, M, M]`, by elimination with partial
/// pivoting in Double. Floats.
struct DetOperator: RealOperator {
  static let opType = "Det"

  init(_ attributes: inout AttributeReader) throws {}

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let type = try context.type(0, "X")
    return [TensorType(type.dtype, type.dimensions.map { Array($0.dropLast(2)) })]
  }

  func run<Real: RealElement>(as type: Real.Type, _ context: ExecutionContext) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    let shape = input.shape
    guard shape.rank >= 2, shape[shape.rank - 1] == shape[shape.rank - 2] else {
      throw OperatorError.inputShape(index: 0, expected: "square matrices", found: shape)
    }
    let size = shape[shape.rank - 1]
    let output = try context.allocate(input.dtype, Shape(Array(shape.dimensions.dropLast(2))))
    let (source, target) = (input.pointer(as: type), output.mutablePointer(as: type))
    Parallel.forEachIndex(count: output.elementCount) { index in
      let matrix = UnsafeBufferPointer(start: source + index * size * size, count: size * size)
      target[index] = Real(nearest: determinant(matrix.map(\.double), size))
    }
    return [output]
  }

  private func determinant(_ elements: [Double], _ size: Int) -> Double {
    var matrix = elements
    var product = 1.0
    for column in 0..<size {
      var pivot = column
      for row in column..<size
      where matrix[row * size + column].magnitude > matrix[pivot * size + column].magnitude {
        pivot = row
      }
      let value = matrix[pivot * size + column]
      if value == 0 { return 0 }
      if pivot != column {
        product = -product
        for index in 0..<size { matrix.swapAt(pivot * size + index, column * size + index) }
      }
      product *= value
      for row in (column + 1)..<max(column + 1, size) {
        let factor = matrix[row * size + column] / value
        for index in column..<size {
          matrix[row * size + index] -= factor * matrix[column * size + index]
        }
      }
    }
    return product
  }
}
