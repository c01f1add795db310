import Kernels
import ModelGraph
import Tensors

/// `LogSoftmax` (ai.onnx 13): x − max − log Σ e^(x − max) along `axis`.
struct LogSoftmaxOperator: RealOperator {
  static let opType = "LogSoftmax"

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
    let output = try context.allocate(reusing: 0)
    guard output.elementCount > 0 else { return [output] }
    Self.apply(split, input.pointer(as: Real.self), output.mutablePointer())
    return [output]
  }

  /// Writes the logarithms of the softmax of `source`, `[outer, axis, inner]`, to `target`.
  static func apply<Real: RealElement>(
    _ split: AxisSlices, _ source: UnsafePointer<Real>, _ target: UnsafeMutablePointer<Real>
  ) {
    if let source = source as? UnsafePointer<Float>,
      let target = target as? UnsafeMutablePointer<Float>
    {
      return Softmax.applyLogarithm(
        source, target, outer: split.outer, axis: split.axis, inner: split.inner)
    }
    Parallel.forEach(count: split.sliceCount, grain: 64) { slices in
      for slice in slices {
        let first = split.start(slice)
        let norm = SoftmaxNorm(source + first, count: split.axis, stride: split.inner)
        let logarithm = Real.log(norm.sum)
        for index in 0..<split.axis {
          let place = first + index * split.inner
          target[place] = source[place] - norm.greatest - logarithm
        }
      }
    }
  }
}

extension LogSoftmaxOperator: DifferentiableOperator {
  /// dY − e^y · Σ dY.
  func gradient(_ site: GradientSite) throws -> [String?] {
    let gradient = try site.outputGradient()
    let sum = try site.sum(gradient, over: [site.shape(0).checkedAxis(axis)])
    return [site.subtract(gradient, site.multiply(site.add("Exp", [site.output()]), sum))]
  }
}
