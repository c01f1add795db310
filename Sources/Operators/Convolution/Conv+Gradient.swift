import Kernels
import ModelGraph
import Tensors

extension ConvOperator: DifferentiableOperator {
  /// dX by a transposed convolution with the same filters, dW by `ConvWeightGradient`, dB by a sum.
  func gradient(_ site: GradientSite) throws -> [String?] {
    let (input, weight) = (try site.shape(0), try site.shape(1))
    let shapes = try ConvolutionShapes(
      input: input, weight: weight, bias: nil, groups: groups, kernelShape: window.kernelShape)
    let geometry = try geometry(of: shapes, input)
    let gradient = try site.outputGradient()
    return Array(
      [
        site.needs(0)
          ? site.add(
            "ConvTranspose", [gradient, site.input(1)],
            ConvGradientAttributes(geometry, groups).transposed) : nil,
        site.needs(1)
          ? site.addOwn(
            "ConvWeightGradient", [site.input(0), gradient],
            ConvGradientAttributes(geometry, groups).plain)[0] : nil,
        site.needs(2)
          ? try site.sum(
            gradient, over: [0] + Array(2..<input.rank), keeps: false) : nil,
      ].prefix(site.node.inputs.count))
  }
}

extension ConvTransposeOperator: DifferentiableOperator {
  /// dX by a convolution with the same filters, dW by `ConvWeightGradient` with the roles of input
  /// and result exchanged, dB by a sum.
  func gradient(_ site: GradientSite) throws -> [String?] {
    let shapes = try shapes(site.shape(0), site.shape(1), nil)
    let axes = try axes(of: shapes)
    let geometry = WindowGeometry(
      axes.map(\.window), over: axes.map(\.output), giving: shapes.spatial)
    let attributes = ConvGradientAttributes(geometry, groups)
    let gradient = try site.outputGradient()
    return Array(
      [
        site.needs(0)
          ? site.add("Conv", [gradient, site.input(1)], attributes.fitted(geometry)) : nil,
        site.needs(1)
          ? site.addOwn(
            "ConvWeightGradient", [gradient, site.input(0)], attributes.fitted(geometry))[0] : nil,
        site.needs(2)
          ? try site.sum(
            gradient, over: [0] + Array(2..<(2 + geometry.rank)), keeps: false) : nil,
      ].prefix(site.node.inputs.count))
  }
}

/// A window's attributes in the forms that the gradients of convolutions need.
private struct ConvGradientAttributes {
  private let geometry: WindowGeometry
  private let shared: [String: AttributeValue]

  init(_ geometry: WindowGeometry, _ groups: Int) {
    self.geometry = geometry
    shared = [
      "group": .int(Int64(groups)), "kernel_shape": Self.list(geometry.axes.map(\.kernel)),
      "strides": Self.list(geometry.axes.map(\.stride)),
      "dilations": Self.list(geometry.axes.map(\.dilation)),
    ]
  }

  private static func list(_ values: [Int]) -> AttributeValue { .ints(values.map(Int64.init)) }

  private func with(_ ends: [Int]) -> [String: AttributeValue] {
    shared.merging(["pads": Self.list(geometry.padBegin + ends)]) { own, _ in own }
  }

  /// The window of a convolution over the geometry's input.
  var plain: [String: AttributeValue] { with(geometry.padEnd) }

  /// The window of the transposed convolution that gives the geometry's input from its results.
  var transposed: [String: AttributeValue] {
    // What the last window leaves out behind it, or reaches beyond.
    let rest = geometry.axes.indices.map { axis in
      geometry.input[axis] + geometry.padBegin[axis]
        - ((geometry.output[axis] - 1) * geometry.axes[axis].stride + geometry.axes[axis].span)
    }
    var attributes = with(rest.map { max(0, 0 - $0) })
    attributes["output_padding"] = Self.list(rest.map { max(0, $0) })
    return attributes
  }

  /// As `plain`, with as much padding at the end as gives just the geometry's results.
  func fitted(_ geometry: WindowGeometry) -> [String: AttributeValue] {
    with(
      geometry.axes.indices.map { axis in
        max(
          0,
          (geometry.output[axis] - 1) * geometry.axes[axis].stride + geometry.axes[axis].span
            - geometry.input[axis] - geometry.padBegin[axis])
      })
  }
}

/// `imgconv.ConvWeightGradient`: dW `[M, C / group, k…]` of ONNX Conv from X `[N, C, D…]` and
/// dY `[N, M, O…]`; Conv's attributes, `kernel_shape` required.
struct ConvWeightGradientOperator: RealOperator {
  static let opType = "ConvWeightGradient"
  static let domain = GradientSite.domain

  private let window: WindowAttributes
  private let groups: Int
  private let kernel: [Int]

  init(_ attributes: inout AttributeReader) throws {
    window = try WindowAttributes(&attributes)
    groups = try ConvolutionShapes.groups(&attributes)
    guard let kernel = window.kernelShape else {
      throw OperatorError.missingAttribute("kernel_shape")
    }
    self.kernel = kernel
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let (x, dy) = (try context.type(0, "X"), try context.type(1, "dY"))
    guard let input = x.dimensions, let output = dy.dimensions, input.count >= 2,
      output.count >= 2, let channels = input[1].fixedValue
    else { return [.unknown(x.dtype, rank: kernel.count + 2)] }
    return [
      TensorType(x.dtype, [output[1], .fixed(channels / groups)] + kernel.map(Dimension.fixed))
    ]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "X", Real.dtype)
    let gradient = try context.input(1, "dY", Real.dtype)
    guard input.shape.rank == kernel.count + 2, gradient.shape.rank == input.shape.rank,
      input.shape[1] % groups == 0
    else {
      throw OperatorError.inputShape(
        index: 0, expected: "[N, C, D…] with \(kernel.count) spatial axes", found: input.shape)
    }
    let shape = try Shape(
      checking: [gradient.shape[1], input.shape[1] / groups] + kernel)
    let shapes = try ConvolutionShapes(
      input: input.shape, weight: shape, bias: nil, groups: groups, kernelShape: kernel)
    let axes = try window.axes(kernel: kernel, rank: kernel.count)
    let geometry = try WindowGeometry(axes, over: shapes.spatial, shape: input.shape)
    guard gradient.shape.dimensions == [shapes.batch, shapes.outputChannels] + geometry.output
    else {
      throw OperatorError.inputShape(
        index: 1, expected: "\([shapes.batch, shapes.outputChannels] + geometry.output)",
        found: gradient.shape)
    }
    let output = try context.allocate(Real.dtype, shape)
    guard output.elementCount > 0 else { return [output] }
    if Real.self == Float.self, (1...2).contains(geometry.rank) {
      try PackedFilters.differentiate(input, gradient, shapes, geometry, into: output)
    } else {
      accumulate(
        shapes, geometry, input.pointer(as: type), gradient.pointer(), output.mutablePointer())
    }
    return [output]
  }

  /// The sums by their definition, one of dW's maps at a time.
  private func accumulate<Real: RealElement>(
    _ shapes: ConvolutionShapes, _ geometry: WindowGeometry, _ input: UnsafePointer<Real>,
    _ gradient: UnsafePointer<Real>, _ output: UnsafeMutablePointer<Real>
  ) {
    let channels = shapes.inputChannelsPerGroup
    let size = channels * geometry.kernelCount
    let step = geometry.lastDilation
    Parallel.forEachIndex(count: shapes.outputChannels) { map in
      let target = output + map * size
      target.update(repeating: 0, count: size)
      let group = map / shapes.outputChannelsPerGroup
      for image in 0..<shapes.batch {
        let slopes = gradient + (image * shapes.outputChannels + map) * geometry.outputCount
        let source =
          input + (image * shapes.inputChannels + group * channels) * geometry.inputCount
        geometry.forEachResult { result, position in
          geometry.forEachTapRow(at: position) { first, tap, count in
            for channel in 0..<channels {
              let row = source + channel * geometry.inputCount + first
              let sums = target + channel * geometry.kernelCount + tap
              for index in 0..<count { sums[index] += slopes[result] * row[index * step] }
            }
          }
        }
      }
    }
  }
}
