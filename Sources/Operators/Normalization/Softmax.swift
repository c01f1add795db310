import Kernels
import ModelGraph
import Tensors

/// `Softmax` (ai.onnx 13): e^(x − max) / Σ e^(x − max) along `axis`.
///
/// A slice with NaN or +infinity, or of nothing but −infinity, gives NaN.
struct SoftmaxOperator: RealOperator {
  static let opType = "Softmax"

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
    if Real.self == Float.self {
      Softmax.apply(
        input.pointer(), output.mutablePointer(), outer: split.outer, axis: split.axis,
        inner: split.inner)
    } else {
      let source = input.pointer(as: Real.self)
      let target = output.mutablePointer(as: Real.self)
      Parallel.forEach(count: split.sliceCount, grain: 64) { slices in
        for slice in slices {
          let first = split.start(slice)
          let norm = SoftmaxNorm(source + first, count: split.axis, stride: split.inner)
          for index in 0..<split.axis {
            let place = first + index * split.inner
            target[place] = Real.exp(source[place] - norm.greatest) / norm.sum
          }
        }
      }
    }
    return [output]
  }
}

/// The greatest element of a slice and the sum of the exponentials taken from there.
struct SoftmaxNorm<Real: RealElement> {
  let greatest: Real
  let sum: Real

  /// Reads `count` elements that lie `stride` apart.
  init(_ elements: UnsafePointer<Real>, count: Int, stride: Int) {
    var greatest = Real.lowest
    for index in 0..<count { greatest = Real.larger(greatest, elements[index * stride]) }
    var sum: Real = 0
    for index in 0..<count { sum += Real.exp(elements[index * stride] - greatest) }
    self.greatest = greatest
    self.sum = sum
  }
}

/// What operators along one axis that keep the shape have in common.
enum AlongAxis {
  /// The input's own type; checks the axis where the rank is known.
  static func infer(_ context: InferenceContext, axis: Int) throws -> [TensorType] {
    let input = try context.type(0, "input")
    if let rank = input.rank, rank > 0 { _ = try normalized(axis: axis, rank: rank) }
    return [input]
  }
}

extension SoftmaxOperator: DifferentiableOperator {
  /// y · (dY − Σ dY · y).
  func gradient(_ site: GradientSite) throws -> [String?] {
    let gradient = try site.outputGradient()
    let axis = try site.shape(0).checkedAxis(axis)
    let sum = try site.sum(site.multiply(gradient, site.output()), over: [axis])
    return [site.multiply(site.subtract(gradient, sum), site.output())]
  }
}
