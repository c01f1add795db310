import FileIO
import Foundation
import ModelGraph
import ONNXFormat
import Tensors
import Testing

@Suite("Writing ONNX models")
struct WriterTests {
  /// A weight of every fixed-width type, with other bytes in each.
  static func weightsOfEveryType() throws -> [(name: String, tensor: Tensor)] {
    try DType.allCases.filter { $0 != .string }.map { dtype in
      let shape: Shape = [3, 5]
      let count = try #require(dtype.packedByteCount(elementCount: shape.elementCount))
      var bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ Int(dtype.rawValue)) }
      if dtype == .bool { bytes = bytes.map { $0 & 1 } }
      let used = shape.elementCount * dtype.bitWidth % 8
      if used > 0 { bytes[count - 1] &= UInt8(1 << used - 1) }
      let tensor = try bytes.withUnsafeBytes { try Tensor(unpacking: $0, dtype, shape) }
      return (dtype.name, tensor)
    }
  }

  /// A component whose graph gives each weight out as it is.
  static func component(_ weights: [(name: String, tensor: Tensor)]) -> Component {
    var graph = Graph(name: "weights")
    for (name, tensor) in weights {
      graph.initializers.append(
        Initializer(name: name, dtype: tensor.dtype, shape: tensor.shape))
      graph.nodes.append(Node("Identity", inputs: [name], outputs: ["out.\(name)"]))
      graph.outputs.append(
        ValueInfo(name: "out.\(name)", type: TensorType(tensor.dtype, tensor.shape)))
    }
    return Component(
      name: "model", graphs: [graph], weights: TensorSet(weights), metadata: ["b": "2", "a": "1"])
  }

  /// The tensor of every initializer of a model's graph, by name.
  static func initializers(_ model: Model) throws -> [String: Tensor] {
    let component = try #require(model.components.first)
    let graph = try #require(component.graphs.first)
    var tensors: [String: Tensor] = [:]
    for initializer in graph.initializers {
      switch initializer.storage {
      case .inline(let tensor): tensors[initializer.name] = tensor
      case .weight(let name):
        let index = try #require(component.weights.index(of: name))
        tensors[initializer.name] = try component.weights.tensor(index)
      }
    }
    return tensors
  }

  @Test(
    "weights of every type come back bit for bit",
    arguments: [ONNXWriter.ExternalData.never, .always])
  func everyType(_ externalData: ONNXWriter.ExternalData) throws {
    let folder = try TemporaryFolder()
    var weights = try Self.weightsOfEveryType()
    let large = try Tensor((0..<1000).map { Float($0) }, [10, 100])
    weights.append(("large", large))
    weights.append(("larger", try Tensor((0..<3000).map { Int16($0) }, [3000])))
    weights.append(("empty", try Tensor([Float](), [0, 7])))
    let path = folder.path + "/model.onnx"
    let written = try ONNXWriter.write(
      Self.component(weights), to: path,
      options: ONNXWriter.Options(externalData: externalData))
    #expect(written == (externalData == .never ? [path] : [path, path + ".data"]))
    let model = try ONNXReader.read(path: path)
    let read = try Self.initializers(model)
    for (name, tensor) in weights {
      #expect(read[name]?.dtype == tensor.dtype, "\(name)")
      #expect(read[name]?.shape == tensor.shape, "\(name)")
      #expect(read[name]?.packedBytes() == tensor.packedBytes(), "\(name)")
    }
    #expect(model.components.first?.metadata == ["a": "1", "b": "2"])
    #expect(model.components.first?.graphs.first?.opsetImports == ["": Graph.canonicalOpset])
    guard externalData == .always else { return }
    let size = try FileManager.default.attributesOfItem(atPath: path + ".data")[.size] as? Int
    #expect(size == 4096 + 6000)
  }

  @Test("attributes of every kind, types and bodies of control flow come back")
  func attributes() throws {
    let folder = try TemporaryFolder()
    var body = Graph(name: "body", outputs: [ValueInfo(name: "z", type: TensorType(.float32, []))])
    body.nodes = [Node("Relu", inputs: ["x"], outputs: ["z"])]
    let constant = try Tensor([Int64.min, 7])
    let strings = try Tensor(strings: ["", "ä\n"], [2])
    let node = Node(
      "Custom", name: "n", domain: "local", inputs: ["x", "", "s"], outputs: ["", "y"],
      attributes: [
        "i": .int(-5), "f": .float(-0.0), "s": .text("text"), "t": .tensor(constant),
        "g": .graph(body), "ints": .ints([1, -1]), "floats": .floats([.infinity, 2]),
        "strings": .strings([[0xFF], []]), "tensors": .tensors([constant, strings]),
        "graphs": .graphs([body, body]), "none": .ints([]),
      ])
    let graph = Graph(
      name: "g",
      inputs: [
        ValueInfo(
          name: "x", type: TensorType(.float16, [.fixed(2), .symbol("n"), .unknown]))
      ],
      outputs: [ValueInfo(name: "y", type: TensorType(.float32, nil))], nodes: [node],
      initializers: [Initializer(name: "s", inline: strings)],
      valueTypes: ["m": TensorType(.int8, [.fixed(3)])])
    let path = folder.path + "/model.onnx"
    try ONNXWriter.write(
      Component(name: "model", graphs: [graph], weights: TensorSet([])), to: path,
      options: ONNXWriter.Options(opset: 21))
    let read = try #require(try ONNXReader.read(path: path).components.first?.graphs.first)
    #expect(read.inputs == graph.inputs)
    #expect(read.outputs == graph.outputs)
    #expect(read.valueTypes == graph.valueTypes)
    #expect(read.opsetImports == ["": 21, "local": 1])
    let found = try #require(read.nodes.first)
    #expect(found.label == node.label)
    #expect(found.inputs == node.inputs)
    #expect(found.outputs == node.outputs)
    for (name, value) in node.attributes {
      let text = found.attributes[name].map(Self.text)
      #expect(text == Self.text(value), "\(name)")
    }
  }

  /// An attribute's value in words, tensors by their bytes.
  private static func text(_ value: AttributeValue) -> String {
    switch value {
    case .tensor(let tensor): "\(tensor.dtype) \(tensor.shape) \(tensor.packedBytes())"
    case .tensors(let all): all.map { text(.tensor($0)) }.joined(separator: "; ")
    case .graph(let graph): "\(graph.outputs) \(graph.nodes)"
    case .graphs(let all): all.map { text(.graph($0)) }.joined(separator: "; ")
    default: "\(value)"
    }
  }

  @Test(
    "cases of ONNX's backend suite are written as they were read, and the same bytes again",
    .enabled(if: SharedFolder.has("onnx-node"), "needs ../shared/onnx-node"))
  func backendSuite() throws {
    let root = SharedFolder.path + "/onnx-node"
    let folder = try TemporaryFolder()
    let cases = try FileManager.default.contentsOfDirectory(atPath: root).sorted()
    // Every ninth case: each file written costs two flushes of the disk.
    for name in stride(from: 0, to: cases.count, by: 9).map({ cases[$0] }) {
      let model = try ONNXReader.read(path: "\(root)/\(name)/model.onnx")
      let component = try #require(model.components.first)
      let opset = component.graphs.first?.opsetImports[""] ?? 21
      let options = ONNXWriter.Options(opset: opset, policy: .replacing)
      let first = folder.path + "/first.onnx"
      let second = folder.path + "/second.onnx"
      try ONNXWriter.write(component, to: first, options: options)
      let again = try ONNXReader.read(path: first)
      let copy = try #require(again.components.first)
      try ONNXWriter.write(copy, to: second, options: options)
      let bytes = try Data(contentsOf: URL(fileURLWithPath: first))
      #expect(try bytes == Data(contentsOf: URL(fileURLWithPath: second)), "\(name)")
      let one = try Self.initializers(model)
      let other = try Self.initializers(again)
      #expect(one.count == other.count, "\(name)")
      for (key, tensor) in one {
        #expect(other[key]?.packedBytes() == tensor.packedBytes(), "\(name): \(key)")
      }
      #expect(
        component.graphs.first?.operatorCounts == copy.graphs.first?.operatorCounts, "\(name)")
    }
  }

  @Test("an existing file is replaced only on demand, and an input never")
  func existing() throws {
    let folder = try TemporaryFolder()
    let component = Self.component([("w", try Tensor([Float(1), 2]))])
    let path = folder.path + "/model.onnx"
    try ONNXWriter.write(component, to: path)
    #expect(throws: ONNXError.file(.exists(path: path))) {
      try ONNXWriter.write(component, to: path)
    }
    let options = ONNXWriter.Options(policy: .replacing)
    try ONNXWriter.write(component, to: path, options: options)
    let input = try InputFile(path: path)
    #expect(throws: ONNXError.file(.outputIsInput(path: path, input: path))) {
      try ONNXWriter.write(component, to: path, options: options, inputs: [input])
    }
  }

  @Test("the opset declared is the lowest that has all of the graph")
  func lowestOpset() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/model.onnx"
    func declared(_ node: Node, _ dtype: DType = .float32) throws -> Int? {
      let graph = Graph(
        name: "g", inputs: [ValueInfo(name: "x", type: TensorType(dtype, [.fixed(1)]))],
        outputs: [ValueInfo(name: "y", type: TensorType(.float32, [.fixed(1)]))], nodes: [node])
      try ONNXWriter.write(
        Component(name: "model", graphs: [graph], weights: TensorSet([])), to: path,
        options: ONNXWriter.Options(policy: .replacing))
      return try ONNXReader.read(path: path).components.first?.graphs.first?.opsetImports[""]
    }
    #expect(try declared(Node("Conv", inputs: ["x", "x"], outputs: ["y"])) == 21)
    #expect(try declared(Node("Swish", inputs: ["x"], outputs: ["y"])) == 24)
    let cast = ["output_dtype": AttributeValue.int(1)]
    #expect(
      try declared(
        Node("DequantizeLinear", inputs: ["x", "x"], outputs: ["y"], attributes: cast)) == 23)
    #expect(try declared(Node("Cast", inputs: ["x"], outputs: ["y"]), .int2) == 25)
  }

  @Test("154 the output's data file is never the data that is being read")
  func outputIsExternalData() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/model.onnx"
    let component = Self.component([("w", try Tensor(zeros: .float32, [1024]))])
    let options = ONNXWriter.Options(externalData: .always, policy: .replacing)
    try ONNXWriter.write(component, to: path, options: options)
    let read = try #require(try ONNXReader.read(path: path).components.first)
    let files = try #require(read.weights as? ONNXWeights).files
    let elsewhere = folder.path + "/elsewhere.onnx"
    try ONNXWriter.write(read, to: elsewhere, options: options, inputs: files)
    #expect(rename(elsewhere, path + ".bak") == 0)
    #expect(rename(path, elsewhere) == 0)
    #expect(symlink(path + ".data", elsewhere + ".link") == 0)
    #expect(rename(elsewhere + ".link", elsewhere + ".data") == 0)
    #expect(
      throws: ONNXError.file(
        .outputIsInput(path: elsewhere + ".data", input: folder.path + "/model.onnx.data"))
    ) {
      try ONNXWriter.write(
        read, to: elsewhere, options: options, inputs: files.filter { $0.path != path })
    }
  }

  @Test("a failing source leaves nothing behind")
  func failingSource() throws {
    struct Failing: TensorSource {
      struct Failure: Error {}
      let tensors = [
        TensorInfo(name: "w", dtype: .float32, shape: [4096], byteCount: 16384)
      ]
      func read(_ index: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
        throw Failure()
      }
    }
    let folder = try TemporaryFolder()
    var component = Self.component([("w", try Tensor(zeros: .float32, [4096]))])
    component.weights = Failing()
    for externalData in [ONNXWriter.ExternalData.never, .always] {
      #expect(throws: Failing.Failure.self) {
        try ONNXWriter.write(
          component, to: folder.path + "/model.onnx",
          options: ONNXWriter.Options(externalData: externalData))
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test("a model of 2 GiB is refused where external data is not allowed")
  func tooLarge() throws {
    struct Huge: TensorSource {
      let tensors = [
        TensorInfo(name: "w", dtype: .uint8, shape: [1 << 31], byteCount: 1 << 31)
      ]
      func read(_ index: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {}
    }
    let folder = try TemporaryFolder()
    let path = folder.path + "/model.onnx"
    let graph = Graph(
      name: "g", initializers: [Initializer(name: "w", dtype: .uint8, shape: [1 << 31])])
    let component = Component(name: "model", graphs: [graph], weights: Huge())
    #expect {
      try ONNXWriter.write(
        component, to: path, options: ONNXWriter.Options(externalData: .never))
    } throws: { error in
      "\(error)".hasPrefix("\(path): expected less than 2 GiB, protobuf's limit, found 21474")
    }
  }

  @Test("a component without a graph, and a graph without its weights, are refused")
  func unwritable() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/model.onnx"
    let bare = Component(name: "unet", weights: TensorSet([]))
    #expect {
      try ONNXWriter.write(bare, to: path)
    } throws: { error in
      "\(error)" == "\(path): unet has no graph, which an ONNX model must have"
    }
    var graph = Graph(name: "g")
    graph.initializers = [Initializer(name: "w", dtype: .float32, shape: [1])]
    let component = Component(name: "unet", graphs: [graph], weights: TensorSet([]))
    #expect(
      throws: ONNXError.graph(
        ONNXPlace(file: path), .missingWeight(graph: "g", name: "w"))
    ) { try ONNXWriter.write(component, to: path) }
  }
}
