import Kernels
import ModelGraph
import Tensors

/// `LpNormalization` (ai.onnx 1, 22): x / (Σ |x|^p)^(1/p) along `axis`, p 1 or 2; 0 where the norm
/// is 0.
struct LpNormalizationOperator: RealOperator {
  static let opType = "LpNormalization"

  private let axis: Int
  private let norm: PowerNorm

  init(_ attributes: inout AttributeReader) throws {
    axis = try attributes.int("axis", default: -1)
    norm = try PowerNorm(&attributes)
    guard norm.p <= 2 else {
      throw OperatorError.attribute("p", expected: "1 or 2", found: "\(norm.p)")
    }
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    try AlongAxis.infer(context, axis: axis)
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "input")
    let split = try AxisSlices(input.shape, axis: axis)
    let output = try context.allocate(reusing: 0)
    guard output.elementCount > 0 else { return [output] }
    let source = input.pointer(as: Real.self)
    let target = output.mutablePointer(as: Real.self)
    Parallel.forEach(count: split.sliceCount, grain: 64) { slices in
      for slice in slices {
        let first = split.start(slice)
        var sum: Real = 0
        for index in 0..<split.axis { sum += norm.power(source[first + index * split.inner]) }
        let length = norm.root(sum)
        for index in 0..<split.axis {
          let place = first + index * split.inner
          target[place] = length == 0 ? 0 : source[place] / length
        }
      }
    }
    return [output]
  }
}
