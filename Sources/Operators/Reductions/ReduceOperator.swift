import Foundation
import Kernels
import ModelGraph
import Tensors

/// An operator that reduces some axes of a tensor to one element.
///
/// Inputs: `data`, and optionally `axes` (int64; all axes where left out or empty, or none with
/// `noop_with_empty_axes`). Integers wrap; means, roots and logarithms of integers are computed in
/// Double and rounded toward zero.
protocol ReduceOperator: NumericOperator {
  /// What the reduction computes.
  static var reduction: Reduction { get }
  var axes: ReductionAxes { get }
}

extension ReduceOperator {
  func infer(_ context: InferenceContext) throws -> [TensorType] { [try axes.infer(context)] }

  func run<Number: NumberElement>(
    as type: Number.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "data")
    let given = try context.optionalIntegers(1, "axes")
    let reduced = try axes.reduced(given, rank: input.shape.rank)
    let (data, split) = try context.gathering(reduced, of: input)
    let output = try context.allocate(
      input.dtype, Shape(axes.remaining(input.shape.dimensions, reduced, one: 1)))
    if type == Float.self {
      Self.reduction.apply(
        data.pointer(), outer: split.outer, axis: split.extent, inner: split.inner,
        output.mutablePointer())
    } else {
      Self.reduction.reduce(
        data.pointer(as: type), split, output.mutablePointer(as: type))
    }
    withExtendedLifetime(data) {}
    return [output]
  }
}

extension Reduction {
  /// The reduction of `[outer, extent, inner]` elements of any number type.
  fileprivate func reduce<Number: NumberElement>(
    _ source: UnsafePointer<Number>, _ split: AxisSplit, _ target: UnsafeMutablePointer<Number>
  ) {
    let grain = max(1, Broadcast.grain / max(1, split.extent))
    Parallel.forEach(count: split.outer * split.inner, grain: grain) { range in
      for position in range {
        let first = source + position / split.inner * split.extent * split.inner
        target[position] = fold(first + position % split.inner, split.extent, split.inner)
      }
    }
  }

  private func fold<Number: NumberElement>(
    _ source: UnsafePointer<Number>, _ count: Int, _ step: Int
  ) -> Number {
    var result: Number = 0
    switch self {
    case .sum:
      for index in 0..<count { result = Number.sum(result, source[index * step]) }
    case .l1:
      for index in 0..<count {
        let element = source[index * step]
        result = Number.sum(result, element < 0 ? Number.difference(0, element) : element)
      }
    case .sumOfSquares:
      for index in 0..<count {
        let element = source[index * step]
        result = Number.sum(result, Number.product(element, element))
      }
    case .product:
      result = 1
      for index in 0..<count { result = Number.product(result, source[index * step]) }
    case .maximum:
      result = .lowest
      for index in 0..<count { result = Number.larger(result, source[index * step]) }
    case .minimum:
      result = .highest
      for index in 0..<count { result = Number.smaller(result, source[index * step]) }
    case .mean, .l2, .logSum, .logSumExp:
      result = Number(nearest: foldReal(source, count, step))
    }
    return result
  }

  private func foldReal<Number: NumberElement>(
    _ source: UnsafePointer<Number>, _ count: Int, _ step: Int
  ) -> Double {
    var sum = 0.0
    var largest = -Double.infinity
    if self == .logSumExp {
      for index in 0..<count { largest = Double.larger(largest, source[index * step].double) }
      if !largest.isFinite { return largest }
    }
    for index in 0..<count {
      let element = source[index * step].double
      switch self {
      case .l2: sum += element * element
      case .logSumExp: sum += exp(element - largest)
      default: sum += element
      }
    }
    switch self {
    case .mean: return sum / Double(count)
    case .l2: return sum.squareRoot()
    case .logSum: return log(sum)
    default: return largest + log(sum)
    }
  }
}
