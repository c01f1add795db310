import ModelGraph
import Tensors

/// How channels and groups of a convolution fit together.
struct ConvolutionShapes: Sendable {
  /// N.
  let batch: Int
  /// C, the input's channels.
  let inputChannels: Int
  /// M, the results' channels.
  let outputChannels: Int
  /// The number of groups.
  let groups: Int
  /// The kernel's extents.
  let kernel: [Int]
  /// The input's spatial extents.
  let spatial: [Int]

  /// C divided by the groups.
  var inputChannelsPerGroup: Int { inputChannels / groups }
  /// M divided by the groups.
  var outputChannelsPerGroup: Int { outputChannels / groups }

  /// Input `[N, C, D…]` and weight `[M, C / groups, k…]`; for a transposed convolution
  /// `[C, M / groups, k…]`.
  ///
  /// - Throws: `OperatorError` where the shapes do not fit one another.
  init(
    input: Shape, weight: Shape, bias: Shape?, groups: Int, kernelShape: [Int]?,
    isTransposed: Bool = false
  ) throws {
    guard input.rank >= 2 else {
      throw OperatorError.inputShape(index: 0, expected: "[N, C, D1, …]", found: input)
    }
    guard weight.rank == input.rank else {
      throw OperatorError.inputShape(index: 1, expected: "\(input.rank) axes", found: weight)
    }
    batch = input[0]
    inputChannels = input[1]
    spatial = Array(input.dimensions[2...])
    kernel = Array(weight.dimensions[2...])
    self.groups = groups
    guard kernel.allSatisfy({ $0 >= 1 && $0 <= WindowAttributes.limit }) else {
      throw OperatorError.inputShape(
        index: 1, expected: "a kernel that is not empty", found: weight)
    }
    if let kernelShape, kernelShape != kernel {
      throw OperatorError.attribute(
        "kernel_shape", expected: "the weight's \(kernel)", found: "\(kernelShape)")
    }
    guard groups >= 1, inputChannels % groups == 0 else {
      throw OperatorError.inputShape(
        index: 0, expected: "channels divisible into \(groups) groups", found: input)
    }
    if isTransposed {
      guard weight[0] == inputChannels else {
        throw OperatorError.inputShape(
          index: 1, expected: "first axis of \(inputChannels)", found: weight)
      }
      let (channels, overflow) = weight[1].multipliedReportingOverflow(by: groups)
      guard !overflow else { throw TensorError.elementCountOverflow(weight.dimensions) }
      outputChannels = channels
    } else {
      guard weight[1] == inputChannels / groups, weight[0] % groups == 0 else {
        throw OperatorError.inputShape(
          index: 1,
          expected: "[M, \(inputChannels / groups), …] with M divisible by \(groups)",
          found: weight)
      }
      outputChannels = weight[0]
    }
    if let bias, bias != [outputChannels] {
      throw OperatorError.inputShape(index: 2, expected: "[\(outputChannels)]", found: bias)
    }
  }

  /// Reads the attribute `group`.
  static func groups(_ attributes: inout AttributeReader, _ name: String = "group") throws -> Int {
    let groups = try attributes.int(name, default: 1)
    guard groups >= 1 else {
      throw OperatorError.attribute(name, expected: "a positive number", found: "\(groups)")
    }
    return groups
  }
}
