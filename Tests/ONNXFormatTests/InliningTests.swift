import ModelGraph
import ONNXFormat
import Testing

@Suite("Inlining ONNX functions")
struct InliningTests {
  @Test("a function is inlined with its names, attributes and defaults")
  func inlining() throws {
    let folder = try TemporaryFolder()
    let alpha = WireBuilder().text(1, "alpha").text(21, "slope").varint(20, 1)
    let function = Proto.function(
      "F",
      nodes: [
        Proto.node("LeakyRelu", ["a"], ["inner"], attributes: [alpha]),
        Proto.node("Abs", ["inner"], ["b"]),
      ]
    ).message(11, Proto.attribute("slope", type: 1) { $0.float(2, 0.25) })
    let given = Proto.attribute("slope", type: 1) { $0.float(2, 0.5) }
    let model = Proto.model(
      Proto.graph(
        nodes: [
          Proto.node("F", ["x"], ["m"], attributes: [given], domain: "local"),
          GraphRuleTests.call("F", "m", "y"),
        ], inputs: [Proto.value("x")], outputs: [Proto.value("y")]),
      opsets: [Proto.opset(21), Proto.opset(1, domain: "local")], functions: [function])
    let read = try ONNXReader.read(path: folder.write("model.onnx", model.bytes))
    let nodes = try #require(read.components.first?.graphs.first?.nodes)
    #expect(nodes.map(\.opType) == ["LeakyRelu", "Abs", "LeakyRelu", "Abs"])
    #expect(nodes.map(\.inputs) == [["x"], ["F#1:inner"], ["m"], ["F#2:inner"]])
    #expect(nodes.map(\.outputs) == [["F#1:inner"], ["m"], ["F#2:inner"], ["y"]])
    let slopes = nodes.compactMap { node -> Float? in
      if case .float(let value)? = node.attributes["alpha"] { value } else { nil }
    }
    #expect(slopes == [0.5, 0.25])
  }

  @Test("a function that gives back its input becomes Identity")
  func passThrough() throws {
    let folder = try TemporaryFolder()
    let function = Proto.function("F", inputs: ["a"], outputs: ["a"], nodes: [])
    let model = GraphRuleTests.model(calling: "F", functions: [function])
    let read = try ONNXReader.read(path: folder.write("model.onnx", model.bytes))
    let nodes = try #require(read.components.first?.graphs.first?.nodes)
    #expect(nodes.map(\.label) == ["Identity y"])
    #expect(nodes.first?.inputs == ["x"])
  }

  @Test("weights of one name in several bodies are kept apart by a number")
  func repeatedWeightNames() throws {
    let folder = try TemporaryFolder()
    let nodes = (0..<3).map { index in
      let body = Proto.graph(
        nodes: [Proto.node("Identity", ["w"], ["z"])],
        initializers: [Proto.tensor("w", 1, [2]) { $0.packedFloats(4, [Float(index), 1]) }],
        outputs: [Proto.value("z")])
      return Proto.node(
        "If", ["c"], ["y\(index)"],
        attributes: [Proto.attribute("then_branch", type: 5) { $0.message(6, body) }])
    }
    let model = Proto.model(Proto.graph(nodes: nodes, inputs: [Proto.value("c", 9)]))
    let read = try ONNXReader.read(path: folder.write("model.onnx", model.bytes))
    let component = try #require(read.components.first)
    #expect(component.weights.tensors.map(\.name) == ["w", "w#2", "w#3"])
    let bodies = try #require(component.graphs.first).nodes.flatMap(\.subgraphs)
    #expect(bodies.map { $0.initializers.map(\.weightName) } == [["w"], ["w#2"], ["w#3"]])
    #expect(try component.weights.tensor(2).array(of: Float.self) == [2, 1])
  }
}
