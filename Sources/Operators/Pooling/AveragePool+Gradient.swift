import Kernels
import ModelGraph
import Tensors

extension AveragePoolOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    site.addOwn(
      "AveragePoolGradient",
      [try site.outputGradient(), try site.list(site.shape(0).dimensions)], site.node.attributes)
  }
}

/// `imgconv.AveragePoolGradient`: the gradient of ONNX AveragePool with respect to its input, whose
/// shape is input 1, from dY; AveragePool's attributes.
struct AveragePoolGradientOperator: RealOperator {
  static let opType = "AveragePoolGradient"
  static let domain = GradientSite.domain

  private let pool: AveragePoolOperator

  init(_ attributes: inout AttributeReader) throws {
    pool = try AveragePoolOperator(&attributes)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let shape = context.ints(1)
    return [TensorType(try context.type(0, "dY").dtype, shape?.map { .fixed(max(0, $0)) })]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let gradient = try context.input(0, "dY")
    let shape = try Shape.checked(context.integers(1, "shape"))
    let geometry = try pool.window.geometry(over: shape)
    let expected = shape.dimensions[..<2] + geometry.output
    guard gradient.shape.dimensions == Array(expected) else {
      throw OperatorError.inputShape(index: 0, expected: "\(expected)", found: gradient.shape)
    }
    let output = try context.allocate(gradient.dtype, shape)
    let source = gradient.pointer(as: Real.self)
    let target = output.mutablePointer(as: Real.self)
    Parallel.forEachIndex(count: shape[0] * shape[1]) { plane in
      let sums = target + plane * geometry.inputCount
      sums.update(repeating: 0, count: geometry.inputCount)
      geometry.forEachResult { result, position in
        let share =
          source[plane * geometry.outputCount + result] / Real(divisor(geometry, position))
        geometry.forEachTapRow(at: position) { first, _, count in
          for index in 0..<count { sums[first + index * geometry.lastDilation] += share }
        }
      }
    }
    return [output]
  }

  /// What the mean at `position` was divided by.
  private func divisor(_ geometry: WindowGeometry, _ position: UnsafePointer<Int>) -> Int {
    guard !pool.countsPadding else { return geometry.paddedTapCount(at: position) }
    var taps = 0
    geometry.forEachTapRow(at: position) { _, _, count in taps += count }
    return taps
  }
}
