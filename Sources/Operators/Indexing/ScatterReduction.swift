import Tensors

/// What becomes of an element that an update meets (`reduction` of ScatterElements and ScatterND).
enum ScatterReduction: String, CaseIterable, Sendable {
  /// The update replaces it.
  case none
  case add, mul, max, min
}

extension ExecutionContext {
  /// A copy of input 0 with the slices of `length` elements at `offsets` replaced by or reduced with
  /// those of input 2, in order; in place where that is allowed.
  func scattering(
    at offsets: [Int], length: Int, _ reduction: ScatterReduction
  ) throws -> Tensor {
    let (data, updates) = (try input(0, "data"), try input(2, "updates"))
    let output = try allocate(reusing: 0)
    if output.rawPointer != data.rawPointer {
      output.mutableRawPointer.copyMemory(from: data.rawPointer, byteCount: data.byteCount)
    }
    let bytes = length * data.dtype.byteWidth
    guard reduction != .none else {
      for (number, offset) in offsets.enumerated() {
        (output.mutableRawPointer + offset * data.dtype.byteWidth).copyMemory(
          from: updates.rawPointer + number * bytes, byteCount: bytes)
      }
      return output
    }
    try reduce(output, updates, offsets, length, reduction)
    return output
  }

  private func reduce(
    _ output: Tensor, _ updates: Tensor, _ offsets: [Int], _ length: Int,
    _ reduction: ScatterReduction
  ) throws {
    switch output.dtype {
    case .float32: reduction.apply(output, updates, offsets, length, as: Float.self)
    case .float64: reduction.apply(output, updates, offsets, length, as: Double.self)
    case .int8: reduction.apply(output, updates, offsets, length, as: Int8.self)
    case .int16: reduction.apply(output, updates, offsets, length, as: Int16.self)
    case .int32: reduction.apply(output, updates, offsets, length, as: Int32.self)
    case .int64: reduction.apply(output, updates, offsets, length, as: Int64.self)
    case .uint8: reduction.apply(output, updates, offsets, length, as: UInt8.self)
    case .uint16: reduction.apply(output, updates, offsets, length, as: UInt16.self)
    case .uint32: reduction.apply(output, updates, offsets, length, as: UInt32.self)
    case .uint64: reduction.apply(output, updates, offsets, length, as: UInt64.self)
    case .bool: reduction.applyBooleans(output, updates, offsets, length)
    case let other:
      throw OperatorError.inputType(
        index: 0, expected: "numbers or booleans to reduce", found: other)
    }
  }
}

extension ScatterReduction {
  fileprivate func apply<Number: NumberElement>(
    _ output: Tensor, _ updates: Tensor, _ offsets: [Int], _ length: Int, as type: Number.Type
  ) {
    let (target, source) = (output.mutablePointer(as: type), updates.pointer(as: type))
    for (number, offset) in offsets.enumerated() {
      for index in 0..<length {
        let (old, new) = (target[offset + index], source[number * length + index])
        switch self {
        case .add: target[offset + index] = Number.sum(old, new)
        case .mul: target[offset + index] = Number.product(old, new)
        case .max: target[offset + index] = Number.larger(old, new)
        case .min: target[offset + index] = Number.smaller(old, new)
        case .none: target[offset + index] = new
        }
      }
    }
  }

  /// Booleans: sum and maximum are "or", product and minimum "and".
  fileprivate func applyBooleans(
    _ output: Tensor, _ updates: Tensor, _ offsets: [Int], _ length: Int
  ) {
    let isOr = self == .add || self == .max
    (isOr ? ScatterReduction.max : .min).apply(output, updates, offsets, length, as: UInt8.self)
  }
}
