import ModelGraph
import Tensors

/// The teacher up to some of its features, with a small head on each that says how real every place
/// looks.
///
/// A head: GroupNormalization of one group without weights, a 1×1 convolution to `width` channels,
/// LeakyRelu of slope 0.2, a 1×1 convolution to one logit.
struct DiscriminatorGraph {
  /// Takes the teacher's inputs and the heads' weights; gives the logits.
  private(set) var graph: Graph
  /// The outputs `[N, 1, …]`, one a head.
  private(set) var logits: [String] = []
  /// The heads' weights with their shapes, in a fixed order.
  private(set) var parameters: [(name: String, shape: Shape)] = []

  /// Channels inside a head.
  static let width = 64

  /// `teacher` with a head on each of `features`.
  ///
  /// - Throws: `TensorError.outOfMemory`.
  init(_ teacher: Graph, features: [Feature]) throws {
    graph = teacher
    graph.outputs = []
    for (index, feature) in features.enumerated() { try addHead(index, feature) }
  }

  private mutating func addHead(_ index: Int, _ feature: Feature) throws {
    let stem = "discriminator.\(index)"
    var value = feature.name
    if feature.isSequence {
      value = add("Transpose", [value], "\(stem).channels", ["perm": .ints([0, 2, 1])])
    }
    let (channels, width) = (feature.channels, Self.width)
    let kernel = [Int](repeating: 1, count: feature.isSequence ? 1 : 2)
    let one = try constant("\(stem).one", channels, 1)
    let zero = try constant("\(stem).zero", channels, 0)
    value = add(
      "GroupNormalization", [value, one, zero], "\(stem).normalized",
      ["num_groups": .int(1), "epsilon": .float(1e-5)])
    value = add(
      "Conv",
      [
        value, parameter("\(stem).conv1.weight", [width, channels] + kernel),
        parameter("\(stem).conv1.bias", [width]),
      ], "\(stem).hidden")
    value = add("LeakyRelu", [value], "\(stem).active", ["alpha": .float(0.2)])
    let logit = add(
      "Conv",
      [
        value, parameter("\(stem).conv2.weight", [1, width] + kernel),
        parameter("\(stem).conv2.bias", [1]),
      ], "\(stem).logits")
    graph.outputs.append(ValueInfo(name: logit, type: TensorType(.float32, nil as [Dimension]?)))
    logits.append(logit)
  }

  private mutating func add(
    _ opType: String, _ inputs: [String], _ output: String,
    _ attributes: [String: AttributeValue] = [:]
  ) -> String {
    graph.nodes.append(Node(opType, inputs: inputs, outputs: [output], attributes: attributes))
    return output
  }

  private mutating func constant(_ name: String, _ count: Int, _ value: Float) throws -> String {
    let tensor = try Tensor([Float](repeating: value, count: count))
    graph.initializers.append(Initializer(name: name, inline: tensor))
    return name
  }

  private mutating func parameter(_ name: String, _ dimensions: [Int]) -> String {
    let shape = Shape(dimensions)
    graph.inputs.append(ValueInfo(name: name, type: TensorType(.float32, shape)))
    parameters.append((name, shape))
    return name
  }
}
