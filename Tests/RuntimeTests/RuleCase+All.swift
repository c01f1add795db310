import ModelGraph
import Tensors

extension RuleCase {
  static let all: [RuleCase] =
    elementwise + binary + shapes + reductions + products + convolutions + normalizations + layers

  private static func unary(
    _ opType: String, _ low: Double = -2, _ high: Double = 2,
    _ attributes: [String: AttributeValue] = [:], note: String = ""
  ) -> RuleCase {
    RuleCase(
      opType: opType, inputs: [.variable([3, 5])], attributes: attributes, low: low, high: high,
      note: note)
  }

  private static let elementwise: [RuleCase] = [
    unary("Abs"), unary("Cos"), unary("Elu"), unary("Erf"), unary("Exp"), unary("Gelu"),
    unary("Gelu", -2, 2, ["approximate": .text("tanh")], note: "tanh"), unary("HardSigmoid"),
    unary("HardSwish", -4, 4), unary("Identity"), unary("LeakyRelu"), unary("Log", 0.5, 3),
    unary("Mish"), unary("Neg"), unary("Reciprocal", 0.5, 2), unary("Relu"), unary("Sigmoid"),
    unary("Sin"), unary("Softplus"), unary("Sqrt", 0.5, 3), unary("Swish"),
    unary("Swish", -2, 2, ["alpha": .float(1.7)], note: "alpha"), unary("Tanh"),
    unary("Cast", -2, 2, ["to": .int(11)]),
  ]

  private static let binary: [RuleCase] = [
    RuleCase(opType: "Add", inputs: [.variable([2, 3, 4]), .variable([3, 1])]),
    RuleCase(opType: "Sub", inputs: [.variable([3, 1]), .variable([2, 3, 4])]),
    RuleCase(opType: "Mul", inputs: [.variable([2, 1, 4]), .variable([3, 4])]),
    RuleCase(opType: "Div", inputs: [.variable([2, 3]), .variable([3])], low: 0.5, high: 2),
    RuleCase(opType: "Pow", inputs: [.variable([2, 3]), .variable([1])], low: 0.5, high: 2),
    RuleCase(opType: "Pow", inputs: [.variable([2, 3]), .ints([3])], note: "whole exponent"),
    RuleCase(opType: "Max", inputs: [.variable([2, 3]), .variable([3])]),
    RuleCase(opType: "Min", inputs: [.variable([2, 3]), .variable([3])]),
    RuleCase(
      opType: "Sum", inputs: [.variable([2, 3]), .variable([3]), .variable([2, 1])]),
    RuleCase(opType: "Mean", inputs: [.variable([2, 3]), .variable([3])]),
    RuleCase(
      opType: "Where",
      inputs: [.bools([true, false, true], [3]), .variable([2, 3]), .variable([1])]),
  ]

  private static let shapes: [RuleCase] = [
    RuleCase(opType: "Reshape", inputs: [.variable([2, 6]), .ints([3, 4])]),
    RuleCase(opType: "Flatten", inputs: [.variable([2, 3, 2])]),
    RuleCase(opType: "Squeeze", inputs: [.variable([2, 1, 3]), .ints([1])]),
    RuleCase(opType: "Unsqueeze", inputs: [.variable([2, 3]), .ints([0, 3])]),
    RuleCase(
      opType: "Transpose", inputs: [.variable([2, 3, 4])], attributes: ["perm": .ints([2, 0, 1])]),
    RuleCase(
      opType: "Concat", inputs: [.variable([2, 3]), .variable([2, 2])],
      attributes: ["axis": .int(-1)]),
    RuleCase(
      opType: "Split", inputs: [.variable([2, 7]), .ints([3, 4])], attributes: ["axis": .int(1)],
      outputs: 2),
    RuleCase(
      opType: "Slice",
      inputs: [
        .variable([5, 6]), .ints([1, 5]), .ints([4, 0]), .ints([0, 1]), .ints([1, -2]),
      ]),
    RuleCase(opType: "Expand", inputs: [.variable([3, 1]), .ints([2, 3, 4])]),
    RuleCase(opType: "Tile", inputs: [.variable([2, 3]), .ints([2, 3])]),
    RuleCase(opType: "Pad", inputs: [.variable([3, 4]), .ints([1, -1, 2, 2])]),
    RuleCase(
      opType: "Pad", inputs: [.variable([3, 4]), .ints([1, 2, 2, 1])],
      attributes: ["mode": .text("reflect")], note: "reflect"),
    RuleCase(
      opType: "Pad", inputs: [.variable([3, 4]), .ints([1, 2, 2, 1])],
      attributes: ["mode": .text("edge")], note: "edge"),
    RuleCase(opType: "Gather", inputs: [.variable([4, 3]), .ints([2, 0, 2, -1], [2, 2])]),
    RuleCase(
      opType: "Gather", inputs: [.variable([2, 4, 3]), .ints([3, 1, 3])],
      attributes: ["axis": .int(1)], note: "axis 1"),
  ]

  private static let reductions: [RuleCase] =
    ["ReduceSum", "ReduceMean", "ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceLogSumExp"]
    .flatMap { opType in
      [
        RuleCase(opType: opType, inputs: [.variable([2, 3, 4]), .ints([0, 2])]),
        RuleCase(
          opType: opType, inputs: [.variable([2, 3])], attributes: ["keepdims": .int(0)],
          note: "all axes"),
      ]
    }

  private static let products: [RuleCase] = [
    RuleCase(opType: "MatMul", inputs: [.variable([2, 3, 4]), .variable([4, 5])]),
    RuleCase(opType: "MatMul", inputs: [.variable([2, 1, 3, 4]), .variable([3, 4, 2])]),
    RuleCase(
      opType: "MatMul", inputs: [.variable([4]), .variable([2, 4, 3])], note: "vector left"),
    RuleCase(
      opType: "MatMul", inputs: [.variable([2, 3, 4]), .variable([4])], note: "vector right"),
    RuleCase(opType: "Gemm", inputs: [.variable([3, 4]), .variable([4, 2]), .variable([2])]),
    RuleCase(
      opType: "Gemm", inputs: [.variable([4, 3]), .variable([2, 4]), .variable([3, 1])],
      attributes: [
        "transA": .int(1), "transB": .int(1), "alpha": .float(0.5), "beta": .float(2),
      ], note: "transposed"),
    RuleCase(
      opType: "Gemm", inputs: [.variable([3, 4]), .variable([2, 4])],
      attributes: ["transB": .int(1)], note: "transB"),
  ]

  private static let convolutions: [RuleCase] = [
    RuleCase(
      opType: "Conv", inputs: [.variable([2, 3, 5, 4]), .variable([4, 3, 3, 3]), .variable([4])],
      attributes: ["pads": .ints([1, 1, 1, 1])]),
    RuleCase(
      opType: "Conv", inputs: [.variable([1, 4, 7, 6]), .variable([6, 2, 3, 2])],
      attributes: [
        "group": .int(2), "strides": .ints([2, 2]), "dilations": .ints([1, 2]),
        "pads": .ints([1, 0, 0, 2]),
      ], note: "groups, strides, dilations"),
    RuleCase(
      opType: "Conv", inputs: [.variable([2, 2, 9]), .variable([3, 2, 3])],
      attributes: ["strides": .ints([3]), "auto_pad": .text("SAME_UPPER")], note: "one axis"),
    RuleCase(
      opType: "Conv", inputs: [.variable([1, 2, 3, 4, 3]), .variable([2, 2, 2, 2, 2])],
      note: "three axes"),
    RuleCase(
      opType: "ConvTranspose",
      inputs: [.variable([2, 3, 3, 4]), .variable([3, 2, 3, 3]), .variable([2])],
      attributes: [
        "strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1]), "output_padding": .ints([1, 0]),
      ]),
  ]

  private static let normalizations: [RuleCase] = [
    RuleCase(
      opType: "GroupNormalization",
      inputs: [.variable([2, 6, 3, 2]), .variable([6]), .variable([6])],
      attributes: ["num_groups": .int(3)]),
    RuleCase(
      opType: "InstanceNormalization",
      inputs: [.variable([2, 3, 4]), .variable([3]), .variable([3])]),
    RuleCase(
      opType: "LayerNormalization",
      inputs: [.variable([2, 3, 5]), .variable([5]), .variable([5])]),
    RuleCase(
      opType: "LayerNormalization", inputs: [.variable([2, 3, 5]), .variable([3, 5])],
      attributes: ["axis": .int(1)], note: "axis 1"),
    RuleCase(opType: "RMSNormalization", inputs: [.variable([2, 3, 5]), .variable([5])]),
    RuleCase(opType: "Softmax", inputs: [.variable([2, 3, 4])], attributes: ["axis": .int(1)]),
    RuleCase(opType: "LogSoftmax", inputs: [.variable([2, 3, 4])]),
  ]

  private static let layers: [RuleCase] = [
    RuleCase(
      opType: "AveragePool", inputs: [.variable([1, 2, 5, 4])],
      attributes: [
        "kernel_shape": .ints([3, 2]), "strides": .ints([2, 1]), "pads": .ints([1, 0, 1, 1]),
      ]),
    RuleCase(opType: "GlobalAveragePool", inputs: [.variable([2, 3, 2, 2])]),
    RuleCase(
      opType: "Resize", inputs: [.variable([1, 2, 3, 2]), .none, .floats([1, 1, 2, 2])],
      attributes: [
        "coordinate_transformation_mode": .text("asymmetric"), "nearest_mode": .text("floor"),
      ]),
    RuleCase(
      opType: "Resize", inputs: [.variable([1, 2, 4, 3]), .none, .none, .ints([1, 2, 6, 2])],
      attributes: ["mode": .text("linear")], note: "linear"),
    RuleCase(
      opType: "Attention",
      inputs: [
        .variable([2, 4, 6]), .variable([2, 5, 6]), .variable([2, 5, 4]), .variable([4, 5]),
      ],
      attributes: ["q_num_heads": .int(2), "kv_num_heads": .int(2)]),
    RuleCase(
      opType: "Attention",
      inputs: [.variable([1, 4, 3, 2]), .variable([1, 2, 3, 2]), .variable([1, 2, 3, 3])],
      attributes: ["is_causal": .int(1), "scale": .float(0.7)], note: "grouped, causal"),
  ]
}
