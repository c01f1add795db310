import Distillation
import ModelGraph
import ONNXFormat
import Operators
import Runtime
import Tensors
import TestSupport

/// The digits' network with its trained weights, from the fixtures.
struct DigitsNetwork {
  var graph: Graph
  var weights: any TensorSource

  /// Reads the student.
  init() throws {
    let model = try ONNXReader.read(path: SharedMaterial.fixture("digits/student.onnx"))
    let source = model.components[0].graphs[0]
    graph = try OpsetRaising.raise(source, from: source.opsetImports[""] ?? 1)
    weights = model.components[0].weights
  }

  /// The shapes of the inputs for `batch` images.
  static func shapes(batch: Int) -> [String: Shape] {
    ["sample": Shape([batch, 1, 16, 16]), "timestep": [batch], "class_labels": Shape([batch])]
  }

  /// Tensors for the inputs, the sample of type `Element`.
  static func inputs(batch: Int, as dtype: DType) throws -> [String: Tensor] {
    let pixels = (0..<(batch * 256)).map { Float(($0 &* 7919) % 199) / 100 - 1 }
    return [
      "sample": try Tensor(pixels, Shape([batch, 1, 16, 16])).converted(to: dtype),
      "timestep": try Tensor((0..<batch).map { Int64(900 - 250 * ($0 % 3)) }),
      "class_labels": try Tensor((0..<batch).map { Int64($0 % 10) }),
    ]
  }

  /// The weights that are trained, by name.
  func parameters() throws -> [String: Tensor] {
    var found: [String: Tensor] = [:]
    for name in TrainableParameters.names(in: graph) {
      if let index = weights.index(of: name) { found[name] = try weights.tensor(index) }
    }
    return found
  }

  /// The same network with all floating-point numbers in fp64.
  func inDouble() throws -> DigitsNetwork {
    var result = self
    result.graph.valueTypes = [:]
    for index in graph.inputs.indices where graph.inputs[index].type.dtype == .float32 {
      result.graph.inputs[index].type.dtype = .float64
    }
    for index in graph.outputs.indices { result.graph.outputs[index].type.dtype = .float64 }
    for (index, initializer) in graph.initializers.enumerated()
    where initializer.dtype == .float32 {
      let stored: Tensor
      if case .inline(let tensor) = initializer.storage {
        stored = tensor
      } else {
        stored = try weights.tensor(weights.index(of: initializer.weightName ?? "") ?? 0)
      }
      // Scales of Resize are fp32 whatever the data.
      let isScale = graph.nodes.contains {
        $0.opType == "Resize" && $0.inputs.contains(initializer.name)
      }
      result.graph.initializers[index] = Initializer(
        name: initializer.name, inline: isScale ? stored : try stored.converted(to: .float64))
    }
    for (index, node) in graph.nodes.enumerated() where node.opType == "Cast" {
      if case .int(1)? = node.attributes["to"] {
        result.graph.nodes[index].attributes["to"] = .int(Int64(DType.float64.rawValue))
      }
    }
    return result
  }
}
