import ModelGraph
import Tensors

/// `Hardmax` (ai.onnx 13): 1 at the first greatest element along `axis`, 0 elsewhere.
///
/// NaN is greater than every number.
struct HardmaxOperator: RealOperator {
  static let opType = "Hardmax"

  private let axis: Int

  init(_ attributes: inout AttributeReader) throws {
    axis = try attributes.int("axis", default: -1)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    try AlongAxis.infer(context, axis: axis)
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "input")
    let split = try AxisSlices(input.shape, axis: axis)
    let output = try context.allocate(input.dtype, input.shape)
    guard output.elementCount > 0 else { return [output] }
    let source = input.pointer(as: Real.self)
    let target = output.mutablePointer(as: Real.self)
    target.update(repeating: 0, count: output.elementCount)
    for slice in 0..<split.sliceCount {
      let first = split.start(slice)
      var winner = first
      for index in 1..<max(split.axis, 1) {
        let place = first + index * split.inner
        let isGreater = source[place] > source[winner]
        if isGreater || (source[place].isNaN && !source[winner].isNaN) { winner = place }
      }
      target[winner] = 1
    }
    return [output]
  }
}
