import Kernels
import ModelGraph
import Tensors

/// Resamples tensors along one axis at a time.
struct AxisResampler {
  let extrapolation: Float
  let context: ExecutionContext

  /// Picks one element for each result; elements of any type but strings.
  func gather(_ input: Tensor, _ step: ResizeAxis) throws -> Tensor {
    guard input.dtype != .string else {
      throw OperatorError.inputType(index: 0, expected: "no strings", found: input.dtype)
    }
    let (output, split) = try prepare(input, step)
    guard step.isOutside.contains(true) else {
      GatheredSlices(split: split, byteWidth: input.dtype.byteWidth).copy(
        step.indices, from: UnsafeRawPointer(input.pointer(as: UInt8.self)),
        to: UnsafeMutableRawPointer(output.mutablePointer(as: UInt8.self)))
      withExtendedLifetime((input, output)) {}
      return output
    }
    switch input.dtype.byteWidth {
    case 1: try gather(input, output, step, split, as: UInt8.self)
    case 2: try gather(input, output, step, split, as: UInt16.self)
    case 4: try gather(input, output, step, split, as: UInt32.self)
    case 8: try gather(input, output, step, split, as: UInt64.self)
    default: try gather(input, output, step, split, as: (UInt64, UInt64).self)
    }
    return output
  }

  private func gather<Bits>(
    _ input: Tensor, _ output: Tensor, _ step: ResizeAxis, _ split: AxisSplit,
    as type: Bits.Type
  ) throws {
    let source = input.pointer(as: Bits.self)
    let target = output.mutablePointer(as: Bits.self)
    let inner = split.inner
    let filler =
      step.isOutside.contains(true)
      ? try Tensor(scalar: extrapolation).converted(to: input.dtype) : nil
    Parallel.forEachIndex(count: split.outer) { outer in
      let rows = source + outer * step.input * inner
      let results = target + outer * step.output * inner
      for position in 0..<step.output {
        let result = results + position * inner
        if step.isOutside[position], let filler {
          result.update(repeating: filler.pointer(as: Bits.self)[0], count: inner)
        } else if inner == 1 {
          result[0] = rows[step.indices[position]]
        } else {
          result.update(from: rows + step.indices[position] * inner, count: inner)
        }
      }
    }
  }

  /// Sums up the weighted elements of each result.
  func interpolate<Real: RealElement>(
    _ input: Tensor, _ step: ResizeAxis, as type: Real.Type
  ) throws -> Tensor {
    let (output, split) = try prepare(input, step)
    let source = input.pointer(as: Real.self)
    let target = output.mutablePointer(as: Real.self)
    let weights = step.weights.map { Real($0) }
    let inner = split.inner
    let taps = step.tapCount
    Parallel.forEach(count: split.outer * step.output, grain: max(1, 4096 / max(inner, 1))) {
      rows in
      for row in rows {
        let (outer, position) = row.quotientAndRemainder(dividingBy: step.output)
        let result = target + row * inner
        let values = source + outer * step.input * inner
        if step.isOutside[position] {
          result.update(repeating: Real(extrapolation), count: inner)
          continue
        }
        result.update(repeating: 0, count: inner)
        for tap in (position * taps)..<((position + 1) * taps) where weights[tap] != 0 {
          let weight = weights[tap]
          let own = values + step.indices[tap] * inner
          for index in 0..<inner { result[index] += weight * own[index] }
        }
      }
    }
    return output
  }

  private func prepare(_ input: Tensor, _ step: ResizeAxis) throws -> (Tensor, AxisSplit) {
    var dimensions = input.shape.dimensions
    dimensions[step.axis] = step.output
    let output = try context.allocate(input.dtype, Shape(checking: dimensions))
    return (output, AxisSplit(input.shape, axis: step.axis))
  }
}
