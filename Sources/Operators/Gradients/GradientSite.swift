import ModelGraph
import Tensors

/// One node whose gradient is being written, with what is known of its inputs and outputs.
public struct GradientSite {
  /// The domain of operators that exist for gradients alone.
  public static let domain = "imgconv"

  /// The node.
  public let node: Node
  /// What is known of its inputs; nil for one left out.
  public let inputs: [KnownValue?]
  /// What is known of its outputs.
  public let outputs: [KnownValue]
  /// The gradient with respect to each output; nil where it is zero.
  public let outputGradients: [String?]
  /// Which inputs' gradients are wanted.
  public let needed: [Bool]
  /// Where the gradient's nodes go.
  public let tape: GradientTape

  /// Describes a node.
  public init(
    node: Node, inputs: [KnownValue?], outputs: [KnownValue], outputGradients: [String?],
    needed: [Bool], tape: GradientTape
  ) {
    self.node = node
    self.inputs = inputs
    self.outputs = outputs
    self.outputGradients = outputGradients
    self.needed = needed
    self.tape = tape
  }
}

extension GradientSite {
  /// Whether the gradient with respect to input `index` is wanted.
  func needs(_ index: Int) -> Bool { index < needed.count && needed[index] }

  /// Whether input `index` is given.
  func has(_ index: Int) -> Bool { index < inputs.count && inputs[index] != nil }

  /// The name of input `index`.
  func input(_ index: Int) -> String { node.inputs[index] }

  /// The name of output `index`.
  func output(_ index: Int = 0) -> String { node.outputs[index] }

  /// The shape of input `index`.
  ///
  /// - Throws: `OperatorError.unsupported` where it is not known.
  func shape(_ index: Int) throws -> Shape {
    try Self.known(has(index) ? inputs[index]?.type.shape : nil, "input \(index)")
  }

  /// The shape of output `index`.
  ///
  /// - Throws: `OperatorError.unsupported` where it is not known.
  func outputShape(_ index: Int = 0) throws -> Shape {
    try Self.known(outputs[index].type.shape, "output \(index)")
  }

  private static func known(_ shape: Shape?, _ place: String) throws -> Shape {
    guard let shape else {
      throw OperatorError.unsupported("a gradient without the shape of \(place)")
    }
    return shape
  }

  /// The integers that input `index` holds, where they are known.
  ///
  /// - Throws: `OperatorError.unsupported` where they are not.
  func integers(_ index: Int) throws -> [Int] {
    guard has(index), let values = inputs[index]?.value?.integers else {
      throw OperatorError.unsupported("a gradient without the value of input \(index)")
    }
    return values
  }

  /// The type of the elements that gradients have.
  var dtype: DType { outputs[0].type.dtype ?? .float32 }

  /// The gradient with respect to output `index`.
  ///
  /// - Throws: `OperatorError.unsupported` where there is none.
  func outputGradient(_ index: Int = 0) throws -> String {
    guard let gradient = outputGradients[index] else {
      throw OperatorError.unsupported("a gradient through other outputs than output \(index)")
    }
    return gradient
  }

  /// As many gradients as there are inputs: `gradients`, then none.
  func padded(_ gradients: [String?]) -> [String?] {
    gradients + [String?](repeating: nil, count: max(0, node.inputs.count - gradients.count))
  }
}

extension GradientSite {
  /// Adds a node of ai.onnx with one output.
  func add(
    _ opType: String, _ inputs: [String], _ attributes: [String: AttributeValue] = [:]
  ) -> String {
    tape.add(opType, inputs, attributes)[0]
  }

  /// Adds a node of an operator that exists for gradients alone.
  func addOwn(
    _ opType: String, _ inputs: [String], outputCount: Int = 1,
    _ attributes: [String: AttributeValue] = [:]
  ) -> [String] {
    tape.add(opType, domain: Self.domain, inputs, outputCount: outputCount, attributes)
  }

  /// a + b.
  func add(_ a: String, _ b: String) -> String { add("Add", [a, b]) }
  /// a − b.
  func subtract(_ a: String, _ b: String) -> String { add("Sub", [a, b]) }
  /// a · b.
  func multiply(_ a: String, _ b: String) -> String { add("Mul", [a, b]) }
  /// a / b.
  func divide(_ a: String, _ b: String) -> String { add("Div", [a, b]) }

  /// a · factor.
  func scale(_ a: String, by factor: Double) throws -> String {
    factor == 1 ? a : multiply(a, try number(factor))
  }

  /// A scalar of the gradients' type.
  func number(_ value: Double, as type: DType? = nil) throws -> String {
    tape.constant(try Tensor(scalar: value).converted(to: type ?? dtype))
  }

  /// A list of int64.
  func list(_ values: [Int]) throws -> String { tape.constant(try Tensor(values.map(Int64.init))) }

  /// `value` under another shape.
  func reshape(_ value: String, to shape: Shape) throws -> String {
    add("Reshape", [value, try list(shape.dimensions)], ["allowzero": .int(1)])
  }

  /// The sum of `value` over `axes`, which stay as extents of 1 where `keeps`.
  func sum(_ value: String, over axes: [Int], keeps: Bool = true) throws -> String {
    guard !axes.isEmpty else { return value }
    return add("ReduceSum", [value, try list(axes)], ["keepdims": .int(keeps ? 1 : 0)])
  }

  /// The mean of `value` over `axes`, which stay as extents of 1.
  func mean(_ value: String, over axes: [Int]) throws -> String {
    guard !axes.isEmpty else { return value }
    return add("ReduceMean", [value, try list(axes)], ["keepdims": .int(1)])
  }

  /// `value` of shape `whole`, summed over what broadcasting repeated, to shape `part`.
  func reduce(_ value: String, _ whole: Shape, to part: Shape) throws -> String {
    guard whole != part else { return value }
    let added = whole.rank - part.rank
    let axes = (0..<whole.rank).filter { axis in
      whole[axis] != 1 && (axis < added || part[axis - added] == 1)
    }
    let summed = try sum(value, over: axes)
    return added == 0 ? summed : try reshape(summed, to: part)
  }

  /// `value`, which has the shape of output 0, summed to the shape of input `index`.
  func reduce(_ value: String, toInput index: Int) throws -> String {
    try reduce(value, outputShape(), to: shape(index))
  }

  /// `value` with its axes in the order `permutation`.
  func transpose(_ value: String, _ permutation: [Int]) -> String {
    add("Transpose", [value], ["perm": .ints(permutation.map(Int64.init))])
  }

  /// `yes` where `condition` holds, else `no`.
  func select(_ condition: String, _ yes: String, _ no: String) -> String {
    add("Where", [condition, yes, no])
  }

  /// The gradient where `condition` holds, else 0.
  func masked(_ condition: String, _ gradient: String) throws -> String {
    select(condition, gradient, try number(0))
  }
}
