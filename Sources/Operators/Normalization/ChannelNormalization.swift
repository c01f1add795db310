import Kernels
import ModelGraph
import Tensors

/// Normalisation of `[N, C, D…]` over groups of channels: what GroupNormalization and
/// InstanceNormalization share.
struct ChannelNormalization: Sendable {
  let epsilon: Float

  /// Normalises input 0 over each of `groups` groups of its channels, then scales by input 1 and
  /// shifts by input 2, both `[C]`.
  ///
  /// - Parameter groups: the number of groups for a number of channels.
  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext, groups: (_ channels: Int) throws -> Int
  ) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    guard input.shape.rank >= 2 else {
      throw OperatorError.inputShape(index: 0, expected: "[N, C, D1, …]", found: input.shape)
    }
    let channels = input.shape[1]
    let groups = try groups(channels)
    let scale = try context.input(1, "scale", input.dtype, [channels])
    let bias = try context.input(2, "bias", input.dtype, [channels])
    let output = try context.allocate(reusing: 0)
    guard output.elementCount > 0 else { return [output] }
    let pixels = input.shape.elementCount(of: 2..<input.shape.rank)
    if Real.self == Float.self {
      Normalization.group(
        input.pointer(), output.mutablePointer(), batch: input.shape[0], channels: channels,
        pixels: pixels, groups: groups, scale: scale.pointer(), bias: bias.pointer(),
        epsilon: epsilon)
      return [output]
    }
    let source = input.pointer(as: Real.self)
    let target = output.mutablePointer(as: Real.self)
    let factors = scale.pointer(as: Real.self)
    let terms = bias.pointer(as: Real.self)
    let count = channels / groups * pixels
    Parallel.forEachIndex(count: input.shape[0] * groups) { group in
      let first = group * count
      let moments = RowMoments(source + first, count: count)
      let mean = Real(moments.mean)
      let inverse = Real(moments.inverseDeviation(epsilon))
      for index in 0..<count {
        let channel = (first + index) / pixels % channels
        target[first + index] =
          (source[first + index] - mean) * inverse * factors[channel] + terms[channel]
      }
    }
    return [output]
  }
}
