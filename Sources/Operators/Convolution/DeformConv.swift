import Kernels
import ModelGraph
import Tensors

/// `DeformConv` (ai.onnx 19, 22): a convolution whose taps are displaced by learned offsets
/// (Dai et al. 2017; Zhu et al. 2018 for the mask).
///
/// `X [N, C, D…]`, `W [M, C / group, k…]`, `offset [N, offset_group · taps · axes, O…]`, `B [M]`,
/// `mask [N, offset_group · taps, O…]`. Elements between grid points are interpolated linearly
/// along each axis; what lies outside the input counts as 0. Takes any number of spatial axes.
struct DeformConvOperator: RealOperator {
  static let opType = "DeformConv"

  private let window: WindowAttributes
  private let groups: Int
  private let offsetGroups: Int

  init(_ attributes: inout AttributeReader) throws {
    window = WindowAttributes(
      kernelShape: try WindowAttributes.list("kernel_shape", atLeast: 1, &attributes),
      strides: try WindowAttributes.list("strides", atLeast: 1, &attributes),
      dilations: try WindowAttributes.list("dilations", atLeast: 1, &attributes),
      pads: try WindowAttributes.list("pads", atLeast: 0, &attributes))
    groups = try ConvolutionShapes.groups(&attributes)
    offsetGroups = try ConvolutionShapes.groups(&attributes, "offset_group")
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let input = try context.type(0, "X")
    let weight = try context.type(1, "W").dimensions
    guard let x = input.dimensions, x.count >= 2 else { return [TensorType(input.dtype, nil)] }
    let offset = try context.type(2, "offset").dimensions
    let spatial =
      offset?.count == x.count
      ? Array(offset?[2...] ?? []) : [Dimension](repeating: .unknown, count: x.count - 2)
    return [TensorType(input.dtype, [x[0], weight?.first ?? .unknown] + spatial)]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    let weight = try context.input(1, "W", input.dtype)
    let bias = try context.optionalInput(3, of: input.dtype)
    let shapes = try ConvolutionShapes(
      input: input.shape, weight: weight.shape, bias: bias?.shape, groups: groups,
      kernelShape: window.kernelShape)
    guard shapes.inputChannels % offsetGroups == 0 else {
      throw OperatorError.inputShape(
        index: 0, expected: "channels divisible into \(offsetGroups) groups", found: input.shape)
    }
    let axes = try window.axes(kernel: shapes.kernel, rank: shapes.spatial.count)
    let geometry = try WindowGeometry(axes, over: shapes.spatial, shape: input.shape)
    let offset = try context.input(
      2, "offset", input.dtype,
      try offsetShape(shapes, geometry, numbersPerTap: geometry.rank))
    let mask =
      context.has(4)
      ? try context.input(
        4, "mask", input.dtype, try offsetShape(shapes, geometry, numbersPerTap: 1)) : nil
    let output = try context.allocate(
      input.dtype,
      try Shape(checking: [shapes.batch, shapes.outputChannels] + geometry.output))
    let columns = try context.allocate(
      input.dtype,
      try Shape(checking: [shapes.inputChannels, geometry.kernelCount, geometry.outputCount]))
    let sampler = DeformedSampler<Real>(
      geometry: geometry, channels: shapes.inputChannels,
      channelsPerOffset: shapes.inputChannels / offsetGroups, input: input.pointer(),
      offset: offset.pointer(), mask: mask?.pointer(), columns: columns.mutablePointer())
    for image in 0..<shapes.batch {
      sampler.sample(image)
      multiply(
        shapes, geometry, weight.pointer(as: Real.self), bias?.pointer(), columns.pointer(),
        output.mutablePointer() + image * shapes.outputChannels * geometry.outputCount)
    }
    return [output]
  }

  private func offsetShape(
    _ shapes: ConvolutionShapes, _ geometry: WindowGeometry, numbersPerTap: Int
  ) throws -> Shape {
    let channels = try Shape(checking: [offsetGroups, geometry.kernelCount, numbersPerTap])
    return try Shape(checking: [shapes.batch, channels.elementCount] + geometry.output)
  }

  /// Weight times sampled columns, plus the bias, for one image.
  private func multiply<Real: RealElement>(
    _ shapes: ConvolutionShapes, _ geometry: WindowGeometry, _ weight: UnsafePointer<Real>,
    _ bias: UnsafePointer<Real>?, _ columns: UnsafePointer<Real>,
    _ output: UnsafeMutablePointer<Real>
  ) {
    let count = geometry.outputCount
    let depth = shapes.inputChannelsPerGroup * geometry.kernelCount
    Parallel.forEachIndex(count: shapes.outputChannels) { map in
      let target = output + map * count
      target.update(repeating: bias?[map] ?? 0, count: count)
      let rows = columns + map / shapes.outputChannelsPerGroup * depth * count
      for row in 0..<depth {
        let factor = weight[map * depth + row]
        for index in 0..<count { target[index] += factor * rows[row * count + index] }
      }
    }
  }
}

/// Samples the displaced taps of one image into columns `[C, taps, results]`.
private struct DeformedSampler<Real: RealElement> {
  let geometry: WindowGeometry
  let channels: Int
  let channelsPerOffset: Int
  let input: UnsafePointer<Real>
  let offset: UnsafePointer<Real>
  let mask: UnsafePointer<Real>?
  let columns: UnsafeMutablePointer<Real>

  func sample(_ image: Int) {
    let taps = geometry.kernelCount
    let kernel = geometry.axes.map(\.kernel)
    Parallel.forEachIndex(count: channels / channelsPerOffset * taps) { index in
      let (group, tap) = index.quotientAndRemainder(dividingBy: taps)
      var displacement = [Int](repeating: 0, count: geometry.rank)
      var rest = tap
      for axis in displacement.indices.reversed() {
        displacement[axis] = rest % kernel[axis] * geometry.axes[axis].dilation
        rest /= kernel[axis]
      }
      sample(image, group, tap, displacement)
    }
  }

  private func sample(_ image: Int, _ group: Int, _ tap: Int, _ displacement: [Int]) {
    let (rank, count, taps) = (geometry.rank, geometry.outputCount, geometry.kernelCount)
    let groups = channels / channelsPerOffset
    let offsets = offset + ((image * groups + group) * taps + tap) * rank * count
    let factors = mask.map { $0 + ((image * groups + group) * taps + tap) * count }
    let first = group * channelsPerOffset
    var point = [Real](repeating: 0, count: rank)
    geometry.forEachResult { result, position in
      for axis in 0..<rank {
        let start = position[axis] * geometry.axes[axis].stride - geometry.padBegin[axis]
        point[axis] = Real(start + displacement[axis]) + offsets[axis * count + result]
      }
      let factor = factors?[result] ?? 1
      for channel in first..<(first + channelsPerOffset) {
        let plane = input + (image * channels + channel) * geometry.inputCount
        columns[(channel * taps + tap) * count + result] =
          factor * LinearSampling.value(of: plane, geometry.input, at: point)
      }
    }
  }
}
