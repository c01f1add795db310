import Kernels
import ModelGraph
import Tensors

extension ResizeOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    let shape = try site.list(site.shape(0).dimensions)
    return site.padded(
      site.addOwn(
        "ResizeGradient", [try site.outputGradient(), shape] + site.node.inputs.dropFirst(),
        site.node.attributes))
  }
}

/// `imgconv.ResizeGradient`: the gradient of ONNX Resize with respect to its input, whose shape is
/// input 1, from dY; then Resize's `roi`, `scales`, `sizes`; its attributes.
///
/// Resampling is linear: each element gets the sum of the results it is part of, by its weights.
struct ResizeGradientOperator: RealOperator {
  static let opType = "ResizeGradient"
  static let domain = GradientSite.domain

  private let resize: ResizeOperator

  init(_ attributes: inout AttributeReader) throws { resize = try ResizeOperator(&attributes) }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let shape = context.ints(1)
    return [TensorType(try context.type(0, "dY").dtype, shape?.map { .fixed(max(0, $0)) })]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let gradient = try context.input(0, "dY")
    let shape = try Shape.checked(context.integers(1, "shape"))
    let steps = try resize.steps(
      shape, regions: context.optionalInput(2), scales: context.optionalInput(3),
      sizes: context.optionalIntegers(4, "sizes"))
    var expected = shape.dimensions
    for step in steps { expected[step.axis] = step.output }
    guard gradient.shape.dimensions == expected else {
      throw OperatorError.inputShape(index: 0, expected: "\(expected)", found: gradient.shape)
    }
    return [try steps.reduce(gradient) { try collect($0, $1, context, as: type) }]
  }

  /// The sums along one axis.
  private func collect<Real: RealElement>(
    _ gradient: Tensor, _ step: ResizeAxis, _ context: ExecutionContext, as type: Real.Type
  ) throws -> Tensor {
    var extents = gradient.shape.dimensions
    extents[step.axis] = step.input
    let output = try context.allocate(gradient.dtype, Shape(checking: extents))
    let split = AxisSplit(gradient.shape, axis: step.axis)
    let source = gradient.pointer(as: Real.self)
    let target = output.mutablePointer(as: Real.self)
    let weights = step.weights.map { Real($0) }
    let (inner, taps) = (split.inner, step.tapCount)
    Parallel.forEachIndex(count: split.outer) { outer in
      let sums = target + outer * step.input * inner
      sums.update(repeating: 0, count: step.input * inner)
      for position in 0..<step.output where !step.isOutside[position] {
        let values = source + (outer * step.output + position) * inner
        for tap in (position * taps)..<((position + 1) * taps) where weights[tap] != 0 {
          let (weight, own) = (weights[tap], sums + step.indices[tap] * inner)
          for index in 0..<inner { own[index] += weight * values[index] }
        }
      }
    }
    withExtendedLifetime(gradient) {}
    return output
  }
}
