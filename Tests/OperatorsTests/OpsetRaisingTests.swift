import ModelGraph
import Operators
import Tensors
import Testing

/// A graph of one node between inputs `x0`, `x1`, … and outputs `y0`, `y1`, ….
private func graph(
  _ opType: String, inputs: [(DType, [Int])], outputs: Int = 1,
  _ attributes: [String: AttributeValue]
) -> Graph {
  let names = inputs.indices.map { "x\($0)" }
  let results = (0..<outputs).map { "y\($0)" }
  return Graph(
    name: "one node",
    inputs: zip(names, inputs).map {
      ValueInfo(name: $0, type: TensorType($1.0, $1.1.map(Dimension.fixed)))
    },
    outputs: results.map { ValueInfo(name: $0, type: TensorType(nil, nil)) },
    nodes: [Node(opType, inputs: names, outputs: results, attributes: attributes)])
}

/// Runs the nodes of a graph one after another.
private func evaluate(_ graph: Graph, _ inputs: [Tensor]) throws -> [Tensor] {
  var values = Dictionary(uniqueKeysWithValues: zip(graph.inputs.map(\.name), inputs))
  for initializer in graph.initializers {
    if case .inline(let tensor) = initializer.storage { values[initializer.name] = tensor }
  }
  for node in graph.nodes {
    let made = try OperatorRegistry.standard.make(node)
    let context = ExecutionContext(
      inputs: node.inputs.map { values[$0] },
      requestedOutputs: node.outputs.map { !$0.isEmpty })
    for (name, tensor) in zip(node.outputs, try made.run(context)) { values[name] = tensor }
  }
  return graph.outputs.compactMap { values[$0.name] }
}

private func floats(_ values: [Float], _ shape: Shape) throws -> Tensor {
  try Tensor(values, shape)
}

@Suite("Older opsets")
struct OpsetRaisingTests {
  private func raised(
    _ opType: String, from opset: Int, _ inputs: [Tensor], outputs: Int = 1,
    _ attributes: [String: AttributeValue] = [:]
  ) throws -> [Tensor] {
    let old = graph(
      opType, inputs: inputs.map { ($0.dtype, $0.shape.dimensions) }, outputs: outputs,
      attributes)
    let new = try OpsetRaising.raise(old, from: opset)
    #expect(new.opsetImports[""] == Graph.canonicalOpset)
    return try evaluate(new, inputs)
  }

  @Test("axes of Squeeze, Unsqueeze and reductions become inputs")
  func axes() throws {
    let x = try counting([2, 1, 3])
    let axes: [String: AttributeValue] = ["axes": .ints([1])]
    #expect(try raised("Squeeze", from: 11, [x], axes)[0].shape == [2, 3])
    #expect(try raised("Unsqueeze", from: 11, [x], axes)[0].shape == [2, 1, 1, 3])
    for opType in ["ReduceSum", "ReduceMax", "ReduceMean", "ReduceL2", "ReduceLogSumExp"] {
      let one: [String: AttributeValue] = ["axes": .ints([2]), "keepdims": .int(0)]
      #expect(try raised(opType, from: 11, [x], one)[0].shape == [2, 1])
    }
  }

  @Test("bounds of Clip become inputs of the data's type")
  func clip() throws {
    let x = try floats([-2, 0.5, 3], [3])
    let bounds: [String: AttributeValue] = ["min": .float(-1), "max": .float(1)]
    #expect(try raised("Clip", from: 6, [x], bounds)[0].array(of: Float.self) == [-1, 0.5, 1])
    let wide = try Tensor([-2.0, 0.5, 3], [3])
    #expect(try raised("Clip", from: 6, [wide], bounds)[0].array(of: Double.self) == [-1, 0.5, 1])
  }

  @Test("starts, ends, pads, shapes, splits and counts become inputs")
  func attributesToInputs() throws {
    let x = try counting([2, 4])
    let slice: [String: AttributeValue] = [
      "starts": .ints([1]), "ends": .ints([3]), "axes": .ints([1]),
    ]
    #expect(try raised("Slice", from: 9, [x], slice)[0].array(of: Float.self) == [1, 2, 5, 6])
    let pads: [String: AttributeValue] = ["pads": .ints([0, 1, 0, 0]), "value": .float(9)]
    #expect(try raised("Pad", from: 10, [x], pads)[0].array(of: Float.self).first == 9)
    let old: [String: AttributeValue] = ["paddings": .ints([1, 0, 0, 0])]
    #expect(try raised("Pad", from: 1, [x], old)[0].shape == [3, 4])
    let shape: [String: AttributeValue] = ["shape": .ints([4, -1])]
    #expect(try raised("Reshape", from: 4, [x], shape)[0].shape == [4, 2])
    let split: [String: AttributeValue] = ["split": .ints([1, 3]), "axis": .int(1)]
    #expect(
      try raised("Split", from: 11, [x], outputs: 2, split).map(\.shape) == [[2, 1], [2, 3]])
    #expect(
      try raised("Split", from: 13, [x], outputs: 2, ["axis": .int(1)]).map(\.shape)
        == [[2, 2], [2, 2]])
    let top = try raised("TopK", from: 9, [x], outputs: 2, ["k": .int(1)])
    #expect(top[0].array(of: Float.self) == [3, 7])
  }

  @Test("softmax runs over all axes from its axis on before opset 13")
  func softmax() throws {
    let x = try floats([0, 0, 0, 0, 1, 1, 1, 1], [2, 2, 2])
    let whole = try raised("Softmax", from: 11, [x])[0]
    #expect(whole.shape == [2, 2, 2])
    #expect(whole.array(of: Float.self) == [Float](repeating: 0.25, count: 8))
    let last = try raised("Softmax", from: 11, [x], ["axis": .int(2)])[0]
    #expect(last.array(of: Float.self) == [Float](repeating: 0.5, count: 8))
    let hard = try raised("Hardmax", from: 11, [x])[0]
    #expect(hard.array(of: Float.self) == [1, 0, 0, 0, 1, 0, 0, 0])
  }

  @Test("axis aligns operands before opset 7")
  func broadcasting() throws {
    let (a, b) = (try counting([2, 3, 2]), try floats([10, 20, 30], [3]))
    let aligned: [String: AttributeValue] = ["broadcast": .int(1), "axis": .int(1)]
    let sum = try raised("Add", from: 6, [a, b], aligned)[0].array(of: Float.self)
    #expect(sum == [10, 11, 22, 23, 34, 35, 16, 17, 28, 29, 40, 41])
    let slopes = try floats([0.5, 1, 2], [3])
    let negative = try floats([-1, -1, -1, -1, -1, -1], [1, 3, 2])
    let prelu = try raised("PRelu", from: 6, [negative, slopes])[0].array(of: Float.self)
    #expect(prelu == [-0.5, -0.5, -1, -1, -2, -2])
  }

  @Test("Upsample becomes Resize")
  func upsample() throws {
    let x = try floats([1, 2, 3, 4], [1, 1, 2, 2])
    let scales: [String: AttributeValue] = ["scales": .floats([1, 1, 2, 1])]
    #expect(
      try raised("Upsample", from: 7, [x], scales)[0].array(of: Float.self)
        == [1, 2, 1, 2, 3, 4, 3, 4])
    let old: [String: AttributeValue] = ["height_scale": .float(1), "width_scale": .float(2)]
    #expect(
      try raised("Upsample", from: 1, [x], old)[0].array(of: Float.self)
        == [1, 1, 2, 2, 3, 3, 4, 4])
  }

  @Test("group parameters are repeated for each channel before opset 21")
  func groups() throws {
    let x = try floats([1, 3, 5, 9, -1, 1, -2, 2], [1, 4, 2])
    let inputs = [x, try floats([1, 2], [2]), try floats([0, 10], [2])]
    let old = try raised("GroupNormalization", from: 18, inputs, ["num_groups": .int(2)])[0]
    let new = try result(
      "GroupNormalization", x, try floats([1, 1, 2, 2], [4]), try floats([0, 0, 10, 10], [4]),
      attributes: ["num_groups": .int(2)])
    #expect(old.array(of: Float.self) == new.array(of: Float.self))
  }

  @Test("batch normalisation drops what only training needs")
  func batchNormalization() throws {
    let one = try floats([1, 1], [2])
    let inputs = [try floats([1, 2, 3, 4], [1, 2, 2]), one, one, one, one]
    let attributes: [String: AttributeValue] = [
      "is_test": .int(1), "spatial": .int(1), "epsilon": .float(0), "momentum": .float(0.9),
    ]
    let y = try raised("BatchNormalization", from: 6, inputs, attributes)[0]
    #expect(y.array(of: Float.self) == [1, 2, 3, 4])
    let flat = try floats([1, 1, 1, 1], [4])
    let perElement = try raised(
      "BatchNormalization", from: 7, [inputs[0], flat, flat, flat, flat],
      ["spatial": .int(0), "epsilon": .float(0)])[0]
    #expect(perElement.shape == [1, 2, 2])
  }

  @Test("the ratio of Dropout goes, its mask keeps its old type")
  func dropout() throws {
    let x = try floats([1, 2], [2])
    let results = try raised("Dropout", from: 7, [x], outputs: 2, ["ratio": .float(0.5)])
    #expect(results[0].array(of: Float.self) == [1, 2])
    #expect(results[1].dtype == .float32)
  }

  @Test("names of types, Scatter, DFT's axis, RoiAlign's and GridSample's modes")
  func others() throws {
    let x = try floats([1.7, -1.2], [2])
    let cast = try raised("Cast", from: 5, [x], ["to": .text("INT32")])[0]
    #expect(cast.array(of: Int32.self) == [1, -1])
    let scatter = try raised(
      "Scatter", from: 9, [x, try Tensor([Int64(1)]), try floats([5], [1])])[0]
    #expect(scatter.array(of: Float.self) == [1.7, 5])
    let line = try floats([1, 1], [1, 2, 1])
    #expect(try raised("DFT", from: 17, [line])[0].array(of: Float.self) == [2, 0, 0, 0])
    let grid = try floats([0, 0], [1, 1, 1, 2])
    let sampled = try raised(
      "GridSample", from: 16, [try counting([1, 1, 3, 3]), grid], ["mode": .text("bicubic")])[0]
    #expect(sampled.array(of: Float.self) == [4])
  }

  @Test("opset 10's Resize maps x / scale")
  func resize() throws {
    let x = try counting([1, 1, 1, 2])
    let y = try raised(
      "Resize", from: 10, [x, try floats([1, 1, 1, 2], [4])], ["mode": .text("linear")])[0]
    #expect(y.array(of: Float.self) == [0, 0.5, 1, 1])
  }

  @Test("bodies of control flow are raised too")
  func bodies() throws {
    let inner = graph("Squeeze", inputs: [], ["axes": .ints([0])])
    var body = inner
    body.nodes[0].inputs = ["x"]
    let node = Node(
      "If", inputs: ["c"], outputs: ["y"],
      attributes: ["then_branch": .graph(body), "else_branch": .graph(body)])
    let whole = Graph(name: "outer", nodes: [node])
    let raised = try OpsetRaising.raise(whole, from: 11)
    for branch in raised.nodes[0].subgraphs {
      #expect(branch.nodes[0].inputs.count == 2)
      #expect(branch.nodes[0].attributes.isEmpty)
    }
  }

  @Test("forms and opsets that cannot be raised are refused by name", arguments: [0, 29, -1])
  func refused(_ opset: Int) throws {
    #expect(throws: OperatorError.self) {
      try OpsetRaising.raise(Graph(name: "g"), from: opset)
    }
    let tile = graph("Tile", inputs: [(.float32, [2])], [:])
    #expect(throws: NodeError.self) { try OpsetRaising.raise(tile, from: 1) }
    let slice = graph("Slice", inputs: [(.float32, [2])], [:])
    #expect(throws: NodeError.self) { try OpsetRaising.raise(slice, from: 9) }
  }
}
