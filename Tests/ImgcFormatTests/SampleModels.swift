import FileIO
import ImgcFormat
import ModelGraph
import Tensors
import TestSupport

/// Small models that use every part of the format.
enum SampleModels {
  /// A graph with every kind of attribute, weights of several types, a configuration, a file.
  static func rich() throws -> Model {
    var component = Component(
      name: "unet", role: .student, weights: TensorSet(try weights()),
      config: Array(#"{"sample_size":8}"#.utf8), metadata: ["format": "pt", "é": "x"])
    component.graphs = [try graph()]
    component.quantization = [
      "q": TensorQuantization(
        originalType: .float32, granularity: .channel(axis: 0), scale: "q.scale")
    ]
    return Model(
      components: [component],
      files: [AttachedFile(path: "scheduler/scheduler_config.json", content: Array("{}".utf8))],
      provenance: [
        ProvenanceStep(
          action: "import", tool: "test", options: ["role": "student"],
          inputs: [.init(name: "a.onnx", sha256: String(repeating: "0", count: 64), byteCount: 3)],
          notes: ["one note"], timestamp: 1_700_000_000)
      ])
  }

  private static func weights() throws -> [(name: String, tensor: Tensor)] {
    [
      ("w", try Tensor((0..<300).map { Float($0) * 0.37 - 50 }, [3, 100])),
      ("q", try Tensor([1, -2, 3, 127] as [Int8], [2, 2])),
      ("q.scale", try Tensor([0.5, 0.25] as [Float])),
      ("empty", try Tensor([] as [Float], [0, 4])), ("scalar", try Tensor(scalar: Float.nan)),
      ("text", try Tensor(strings: ["a", "", "é"], [3])), ("flag", try Tensor([true, false])),
      ("tied", try Tensor((0..<300).map { Float($0) * 0.37 - 50 }, [300])),
    ]
  }

  private static func graph() throws -> Graph {
    let body = Graph(
      name: "then", outputs: [ValueInfo(name: "x", type: TensorType(.float32, nil))])
    let attributes: [String: AttributeValue] = [
      "int": .int(.min), "float": .float(-0.0), "nan": .float(Float(bitPattern: 0x7FC0_1234)),
      "string": .string([0xFF, 0]), "text": .text("é"), "ints": .ints([1, -1]),
      "floats": .floats([1.1, .infinity]), "strings": .strings([Array("a".utf8)]),
      "tensor": .tensor(try Tensor([1.5 as Float])),
      "tensors": .tensors([try Tensor([7 as Int64])]),
      "graphs": .graphs([body]), "then_branch": .graph(body),
    ]
    var graph = Graph(
      name: "main",
      inputs: [
        ValueInfo(
          name: "x", type: TensorType(.float32, [.symbol("batch"), .fixed(100), .unknown]))
      ], outputs: [ValueInfo(name: "y", type: TensorType(nil, nil))],
      nodes: [
        Node(
          "Custom", name: "n", domain: "test", inputs: ["x", "", "w", "c"], outputs: ["y"],
          attributes: attributes)
      ],
      initializers: [
        Initializer(name: "w", dtype: .float32, shape: [3, 100]),
        Initializer(name: "c", inline: try Tensor([1, 2] as [Int64])),
      ])
    graph.valueTypes = ["y": TensorType(.float32, [.unknown])]
    return graph
  }

  /// Writes `model` and gives back the path.
  static func write(_ model: Model, in folder: TemporaryFolder, as name: String) throws -> String {
    let path = folder.path(of: name)
    let file = try OutputFile(path: path)
    _ = try ImgcWriter.write(model, to: file)
    try file.publish()
    // Whatever a test writes, the independent reader judges as this one does.
    let isAccepted = (try? ImgcFile(path: path).verifyAll()) != nil
    try ReferenceReader.compare(path, isAccepted: isAccepted)
    return path
  }
}
