import ModelGraph
import Tensors

/// `Resize` (ai.onnx 10, 11, 13, 18, 19): resamples any axes by nearest neighbour, N-linear or
/// N-cubic interpolation.
///
/// Either `scales` or `sizes` is given, for all axes or those of `axes`. Axes are resampled one
/// after another. Nearest neighbour takes elements of every type; interpolation takes numbers,
/// integers being computed in fp64, rounded half to even and clamped.
struct ResizeOperator: Operator {
  static let opType = "Resize"

  private enum AspectPolicy: String, CaseIterable {
    case stretch
    case notLarger = "not_larger"
    case notSmaller = "not_smaller"
  }

  private let rules: ResizeRules
  private let axes: [Int]?
  private let policy: AspectPolicy
  private let extrapolation: Float

  init(_ attributes: inout AttributeReader) throws {
    rules = ResizeRules(
      mode: try attributes.choice("mode", default: .nearest),
      coordinates: try attributes.choice(
        "coordinate_transformation_mode", default: .halfPixel),
      rounding: try attributes.choice("nearest_mode", default: .roundPreferFloor),
      cubic: CubicKernel(a: Double(try attributes.float("cubic_coeff_a", default: -0.75))),
      antialiases: try attributes.flag("antialias", default: false),
      excludesOutside: try attributes.flag("exclude_outside", default: false))
    axes = try attributes.optionalInts("axes")
    policy = try attributes.choice("keep_aspect_ratio_policy", default: .stretch)
    extrapolation = try attributes.float("extrapolation_value", default: 0)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let input = try context.type(0, "X")
    guard let dimensions = input.dimensions else { return [input] }
    let scales = context.value(2).flatMap { $0.dtype == .float32 ? $0 : nil }
    let known = context.value(2) != nil || context.ints(3) != nil
    guard known, let shape = input.shape else {
      var output = [Dimension](repeating: .unknown, count: dimensions.count)
      let resized = try axes.map { try Set(normalized($0, rank: dimensions.count)) }
      for axis in dimensions.indices where resized?.contains(axis) == false {
        output[axis] = dimensions[axis]
      }
      try keepUnscaled(scales, dimensions, &output)
      return [TensorType(input.dtype, output)]
    }
    let plan = try plan(shape, scales: scales, sizes: context.ints(3))
    let output = try Shape(checking: plan.map(\.output)).dimensions
    return [TensorType(input.dtype, output.map(Dimension.fixed))]
  }

  /// Extents that are scaled by exactly 1 stay what they are, known or not.
  private func keepUnscaled(
    _ scales: Tensor?, _ dimensions: [Dimension], _ output: inout [Dimension]
  ) throws {
    guard let scales, scales.elementCount > 0 else { return }
    let factors = scales.array(of: Float.self)
    let numbers =
      try axes.map { try normalized($0, rank: dimensions.count) }
      ?? Array(dimensions.indices)
    for (axis, factor) in zip(numbers, factors) {
      if factor == 1 {
        output[axis] = dimensions[axis]
      } else if let extent = dimensions[axis].fixedValue, let own = Self.scaled(extent, factor) {
        output[axis] = .fixed(own)
      }
    }
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    let regions = try context.optionalInput(1).flatMap { try Self.doubles($0, index: 1) }
    let plan = try plan(
      input.shape, scales: context.optionalInput(2),
      sizes: try context.optionalIntegers(3, "sizes"))
    // The result's memory bounds what the tables of the axes take.
    let output = try context.allocate(input.dtype, Shape(checking: plan.map(\.output)))
    guard output.elementCount > 0 else { return [output] }
    guard input.elementCount > 0 else {
      throw OperatorError.inputShape(index: 0, expected: "elements", found: input.shape)
    }
    let steps = try steps(plan, regions: regions).filter { !$0.isIdentity }
    // Inner axes first: the outer ones then move whole rows.
    let sampler = AxisResampler(extrapolation: extrapolation, context: context)
    if rules.mode == .nearest {
      return [try steps.reversed().reduce(input) { try sampler.gather($0, $1) }]
    }
    return try interpolate(input, steps, sampler)
  }

  private func interpolate(
    _ input: Tensor, _ steps: [ResizeAxis], _ sampler: AxisResampler
  ) throws -> [Tensor?] {
    let isInteger = input.dtype.isInteger && !input.dtype.isSubByte
    guard input.dtype.isReal || isInteger else {
      throw OperatorError.inputType(
        index: 0, expected: "numbers for interpolation", found: input.dtype)
    }
    let wide: DType = input.dtype == .float64 || isInteger ? .float64 : .float32
    let start = input.dtype == wide ? input : try input.converted(to: wide)
    let result = try steps.reversed().reduce(start) { tensor, step in
      wide == .float64
        ? try sampler.interpolate(tensor, step, as: Double.self)
        : try sampler.interpolate(tensor, step, as: Float.self)
    }
    guard result.dtype != input.dtype else { return [result] }
    return [
      try isInteger ? Self.rounded(result, to: input.dtype) : result.converted(to: input.dtype)
    ]
  }
}

extension ResizeOperator {
  /// One axis's extents and the scale between them.
  private typealias Extents = (input: Int, output: Int, scale: Double)

  private func normalized(_ axes: [Int], rank: Int) throws -> [Int] {
    let own = try axes.map { axis in
      let positive = axis < 0 ? axis &+ rank : axis
      guard (0..<rank).contains(positive) else {
        throw OperatorError.attribute(
          "axes", expected: "axes of a tensor of rank \(rank)", found: "\(axes)")
      }
      return positive
    }
    guard Set(own).count == own.count else {
      throw OperatorError.attribute("axes", expected: "different axes", found: "\(axes)")
    }
    return own
  }

  private func plan(_ shape: Shape, scales: Tensor?, sizes: [Int]?) throws -> [Extents] {
    let axes = try self.axes.map { try normalized($0, rank: shape.rank) } ?? Array(0..<shape.rank)
    var plan: [Extents] = shape.dimensions.map { ($0, $0, 1) }
    let factors = try scales.flatMap { try Self.doubles($0, index: 2) }
    if let factors {
      guard factors.count == axes.count else {
        throw OperatorError.inputShape(
          index: 2, expected: "[\(axes.count)]", found: [factors.count])
      }
      for (axis, factor) in zip(axes, factors) {
        guard let output = Self.scaled(shape[axis], Float(factor)) else {
          throw OperatorError.inputValue(
            index: 2, expected: "scales greater than 0", found: "\(factor)")
        }
        plan[axis] = (shape[axis], output, factor)
      }
      return plan
    }
    guard let sizes, sizes.count == axes.count else {
      throw OperatorError.inputShape(
        index: 3, expected: "[\(axes.count)] (or scales)", found: [sizes?.count ?? 0])
    }
    guard sizes.allSatisfy({ $0 >= 0 && $0 <= WindowAttributes.limit }) else {
      throw OperatorError.inputValue(index: 3, expected: "sizes", found: "\(sizes)")
    }
    let ratios = zip(axes, sizes).map { Double($1) / Double(max(shape[$0], 1)) }
    let common = policy == .notLarger ? ratios.min() : ratios.max()
    for (position, axis) in axes.enumerated() {
      guard policy != .stretch, let common else {
        plan[axis] = (shape[axis], sizes[position], ratios[position])
        continue
      }
      let output = (common * Double(shape[axis]) + 0.5).rounded(.down)
      guard let extent = Int(exactly: output), extent <= WindowAttributes.limit else {
        throw OperatorError.inputValue(index: 3, expected: "sizes", found: "\(sizes)")
      }
      plan[axis] = (shape[axis], extent, common)
    }
    return plan
  }

  /// floor(extent · factor); nil where the factor is not positive or the result too great.
  private static func scaled(_ extent: Int, _ factor: Float) -> Int? {
    let product = (Double(extent) * Double(factor)).rounded(.down)
    guard factor > 0, product <= Double(WindowAttributes.limit) else { return nil }
    return Int(product)
  }

  /// The elements of a list of floating-point numbers; nil where it is empty.
  private static func doubles(_ tensor: Tensor, index: Int) throws -> [Double]? {
    guard tensor.elementCount > 0 else { return nil }
    guard tensor.dtype.isReal else {
      throw OperatorError.inputType(
        index: index, expected: "floating-point numbers", found: tensor.dtype)
    }
    return tensor.doubles
  }

  /// How each axis of `shape` that is resized is resampled.
  func steps(
    _ shape: Shape, regions: Tensor?, scales: Tensor?, sizes: [Int]?
  ) throws -> [ResizeAxis] {
    try steps(
      plan(shape, scales: scales, sizes: sizes),
      regions: regions.flatMap { try Self.doubles($0, index: 1) }
    ).filter { !$0.isIdentity }
  }

  private func steps(_ plan: [Extents], regions: [Double]?) throws -> [ResizeAxis] {
    let axes = try self.axes.map { try normalized($0, rank: plan.count) } ?? Array(plan.indices)
    var region = [(start: Float, end: Float)](repeating: (0, 1), count: plan.count)
    if rules.coordinates == .cropAndResize {
      guard let regions, regions.count == 2 * axes.count else {
        throw OperatorError.inputShape(
          index: 1, expected: "[\(2 * axes.count)] for tf_crop_and_resize",
          found: [regions?.count ?? 0])
      }
      for (position, axis) in axes.enumerated() {
        region[axis] = (Float(regions[position]), Float(regions[axes.count + position]))
      }
    }
    return plan.indices.filter { axes.contains($0) }.compactMap { axis in
      let extents = plan[axis]
      if extents.input == extents.output, extents.scale == 1, region[axis] == (0, 1) { return nil }
      return rules.axis(
        axis, input: extents.input, output: extents.output, scale: extents.scale,
        region: region[axis])
    }
  }

  /// The elements rounded half to even and clamped to the range of the integer type `dtype`.
  private static func rounded(_ tensor: Tensor, to dtype: DType) throws -> Tensor {
    let target = try Tensor(uninitialized: dtype, tensor.shape)
    func fill<Number: FixedWidthInteger>(_ type: Number.Type) {
      let result = target.mutablePointer(as: Number.self)
      tensor.withElements(of: Double.self) { values in
        for (index, value) in values.enumerated() {
          let whole = value.rounded(.toNearestOrEven)
          result[index] = Number(exactly: whole) ?? (whole < 0 ? .min : whole.isNaN ? 0 : .max)
        }
      }
    }
    switch dtype {
    case .int8: fill(Int8.self)
    case .int16: fill(Int16.self)
    case .int32: fill(Int32.self)
    case .int64: fill(Int64.self)
    case .uint8: fill(UInt8.self)
    case .uint16: fill(UInt16.self)
    case .uint32: fill(UInt32.self)
    default: fill(UInt64.self)
    }
    return target
  }
}
