import FileIO
import Foundation
import ModelGraph
import ONNXFormat
import Operators
import Runtime
import Tensors
import Testing

/// Runs the networks of the onnx package, whose weights are made by the graph itself, against the
/// outputs beside them: `light_NAME.onnx` and `light_NAME_output_0.pb` in the folder that
/// `IMGCONV_LIGHT_NETWORKS` names (in the package, `onnx/backend/test/data/light`).
@Suite struct LightNetworkTests {
  static let folder: URL? = ProcessInfo.processInfo.environment["IMGCONV_LIGHT_NETWORKS"].map {
    URL(fileURLWithPath: $0)
  }

  /// The tolerance of the package's own runner, relative to each element, and what it adds.
  private static let relativeTolerance = 1e-3
  private static let absoluteTolerance = 1e-7

  @Test(.enabled(if: Self.folder != nil, "needs IMGCONV_LIGHT_NETWORKS"))
  func everyNetworkGivesItsExpectedOutput() throws {
    let folder = try #require(Self.folder)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasPrefix("light_") && $0.hasSuffix(".onnx") }.sorted()
    #expect(!names.isEmpty)
    for name in names {
      let error = try error(of: folder.appendingPathComponent(name))
      print("\(name): \(error) of the tolerance")
      #expect(error <= 1, "\(name)")
    }
  }

  /// The largest |found − expected| over what is allowed for that element.
  private func error(of file: URL) throws -> Double {
    let component = try #require(try ONNXReader.read(path: file.path).components.first)
    let declared = try #require(component.graphs.first)
    let graph = try OpsetRaising.raise(declared, from: declared.opsetImports[""] ?? 1)
    let session = try Session(graph: graph, weights: component.weights)
    let found = try session.runInOrder(session.inputs.map(input))
    let stem = file.deletingPathExtension().path
    let expected = try ONNXReader.tensor(pbPath: "\(stem)_output_0.pb").tensor
    let output = try #require(found.first)
    try #require(output.shape == expected.shape && output.dtype == .float32)
    let pairs = zip(output.array(of: Float.self), expected.array(of: Float.self))
    return pairs.map { found, expected in
      let limit = Self.absoluteTolerance + Self.relativeTolerance * Double(abs(expected))
      let error = Double(abs(found - expected)) / limit
      return error.isNaN ? .infinity : error
    }.max() ?? .infinity
  }

  /// The input that the package's runner makes: 0, 1/n, 2/n … over the n elements.
  private func input(_ value: ValueInfo) throws -> Tensor {
    let extents = (value.type.dimensions ?? []).map { $0.fixedValue ?? 1 }
    let shape = try Shape(checking: extents)
    let count = Double(shape.elementCount)
    return try Tensor((0..<shape.elementCount).map { Float(Double($0) / count) }, shape)
  }
}
