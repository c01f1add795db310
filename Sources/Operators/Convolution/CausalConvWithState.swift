import Kernels
import ModelGraph
import Tensors

/// `CausalConvWithState` (ai.onnx 27): a depthwise convolution over time that sees only the past,
/// with the last k − 1 positions carried from one call to the next.
///
/// `input [N, C, L]`, `weight [C, 1, k]`, `bias [C]`, `past_state [N, C, k − 1]` (zeros where left
/// out) give `output [N, C, L]` and `present_state [N, C, k − 1]`; `activation` may be SiLU.
struct CausalConvWithStateOperator: RealOperator {
  static let opType = "CausalConvWithState"

  private enum Activation: String, CaseIterable {
    case none, silu, swish
  }

  private let activation: Activation

  init(_ attributes: inout AttributeReader) throws {
    activation = try attributes.choice("activation", default: .none)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let input = try context.type(0, "input")
    var state = [Dimension](repeating: .unknown, count: 3)
    if let dimensions = input.dimensions, dimensions.count == 3 {
      state[0] = dimensions[0]
      state[1] = dimensions[1]
    }
    if let weight = try context.type(1, "weight").dimensions, weight.count == 3,
      let width = weight[2].fixedValue
    {
      state[2] = .fixed(max(0, width - 1))
    }
    return Array([input, TensorType(input.dtype, state)].prefix(context.outputCount))
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "input")
    let weight = try context.input(1, "weight", input.dtype)
    guard input.shape.rank == 3 else {
      throw OperatorError.inputShape(index: 0, expected: "[N, C, L]", found: input.shape)
    }
    let (batch, channels, length) = (input.shape[0], input.shape[1], input.shape[2])
    guard weight.shape.rank == 3, weight.shape[0] == channels, weight.shape[1] == 1,
      weight.shape[2] >= 1
    else {
      throw OperatorError.inputShape(
        index: 1, expected: "[\(channels), 1, k]", found: weight.shape)
    }
    let width = weight.shape[2]
    let stateShape = try Shape(checking: [batch, channels, width - 1])
    let bias =
      context.has(2) ? try context.input(2, "bias", input.dtype, [channels]) : nil
    let past =
      context.has(3) ? try context.input(3, "past_state", input.dtype, stateShape) : nil
    let output = try context.allocate(input.dtype, input.shape)
    let present = try context.allocate(input.dtype, stateShape)
    let lane = Lane(
      length: length, width: width, appliesSwish: activation != .none,
      input: input.pointer(as: Real.self), past: past?.pointer(),
      output: output.mutablePointer(), present: present.mutablePointer())
    let factors = weight.pointer(as: Real.self)
    let biases = bias?.pointer(as: Real.self)
    Parallel.forEachIndex(count: batch * channels) { index in
      let channel = index % channels
      lane.run(index, factors + channel * width, biases?[channel] ?? 0)
    }
    return [output, present]
  }

  /// The sequence of one channel of one image.
  private struct Lane<Real: RealElement> {
    let length: Int
    let width: Int
    let appliesSwish: Bool
    let input: UnsafePointer<Real>
    let past: UnsafePointer<Real>?
    let output: UnsafeMutablePointer<Real>
    let present: UnsafeMutablePointer<Real>

    func run(_ lane: Int, _ weight: UnsafePointer<Real>, _ bias: Real) {
      let source = input + lane * length
      let state = past.map { $0 + lane * (width - 1) }
      // Position 0 is the state's first element; the input starts at width − 1.
      func element(_ position: Int) -> Real {
        position < width - 1 ? state?[position] ?? 0 : source[position - (width - 1)]
      }
      for time in 0..<length {
        var sum = bias
        for tap in 0..<width { sum += element(time + tap) * weight[tap] }
        output[lane * length + time] = appliesSwish ? sum / (1 + Real.exp(-sum)) : sum
      }
      for position in 0..<(width - 1) {
        present[lane * (width - 1) + position] = element(length + position)
      }
    }
  }
}
