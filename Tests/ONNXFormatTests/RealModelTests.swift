import Foundation
import ModelGraph
import ONNXFormat
import Tensors
import Testing

@Suite("Real models")
struct RealModelTests {
  @Test(
    "every case of ONNX's backend suite is read, its weights and test data too",
    .enabled(if: SharedFolder.has("onnx-node"), "needs ../shared/onnx-node"))
  func backendSuite() throws {
    let root = SharedFolder.path + "/onnx-node"
    let cases = try FileManager.default.contentsOfDirectory(atPath: root).sorted()
    #expect(cases.count == 1358)
    for name in cases {
      do {
        try check(folder: root + "/" + name)
      } catch {
        Issue.record("\(name): \(error)")
      }
    }
  }

  private func check(folder: String) throws {
    let model = try ONNXReader.read(path: folder + "/model.onnx")
    let component = try #require(model.components.first)
    let graph = try #require(component.graphs.first)
    for index in component.weights.tensors.indices { _ = try component.weights.tensor(index) }
    for (position, input) in graph.requiredInputs.enumerated() {
      let data = folder + "/test_data_set_0/input_\(position).pb"
      let (_, tensor) = try ONNXReader.tensor(pbPath: data)
      #expect(tensor.dtype == input.type.dtype, "\(data)")
      if let shape = input.type.shape { #expect(tensor.shape == shape, "\(data)") }
    }
    for (position, output) in graph.outputs.enumerated() {
      let data = folder + "/test_data_set_0/output_\(position).pb"
      let (_, tensor) = try ONNXReader.tensor(pbPath: data)
      #expect(tensor.dtype == output.type.dtype, "\(data)")
    }
  }

  @Test(
    "the image autoencoder's decoder: nodes, symbols and weights",
    .enabled(if: SharedFolder.has("models/taef2"), "needs ../shared/models/taef2"))
  func decoder() throws {
    let path = SharedFolder.path + "/models/taef2/decoder.onnx"
    let model = try ONNXReader.read(path: path)
    let component = try #require(model.components.first)
    let graph = try #require(component.graphs.first)
    #expect(graph.opsetImports == ["": 18])
    #expect(graph.inputs.first?.type.dtype == .float32)
    #expect(graph.inputs.first?.type.dimensions?.first == .symbol("batch"))
    let parameters = component.weights.tensors.map(\.shape.elementCount).reduce(0, +)
    #expect(parameters > 1_300_000 && parameters < 1_400_000)
    for initializer in graph.initializers {
      guard let weight = initializer.weightName else { continue }
      let index = try #require(component.weights.index(of: weight))
      #expect(component.weights.tensors[index].shape == initializer.shape)
    }
  }
}
