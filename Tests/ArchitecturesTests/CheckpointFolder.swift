import Architectures
import FileIO
import Foundation
import ModelGraph
import Runtime
import SafetensorsFormat
import Tensors

/// A folder of a configuration, weights and PyTorch's outputs.
struct CheckpointFolder {
  let configuration: [UInt8]
  let weights: any TensorSource
  let golden: SafetensorsFile

  init(_ path: String) throws {
    configuration = Array(try Data(contentsOf: URL(fileURLWithPath: path + "/config.json")))
    let index = path + "/diffusion_pytorch_model.safetensors.index.json"
    weights =
      FileManager.default.fileExists(atPath: index)
      ? try ShardedSafetensors(indexPath: index)
      : try SafetensorsFile(path: path + "/diffusion_pytorch_model.safetensors")
    golden = try SafetensorsFile(path: path + "/golden.safetensors")
  }

  /// The graphs, of the configuration after `edit`, over the weights' descriptions after `select`.
  func graphs(
    edit: (String) -> String = { $0 }, select: ([TensorInfo]) -> [TensorInfo] = { $0 }
  ) throws -> [Graph] {
    let text = edit(String(decoding: configuration, as: UTF8.self))
    return try ArchitectureRegistry.standard.graphs(
      configuration: Array(text.utf8), file: "config.json",
      weights: Descriptions(tensors: select(weights.tensors)), weightsFile: "weights")
  }

  /// The tensors of the golden file whose names begin with `prefix`, without it.
  func tensors(_ prefix: String) throws -> [String: Tensor] {
    var found: [String: Tensor] = [:]
    for (index, info) in golden.tensors.enumerated() where info.name.hasPrefix(prefix) {
      found[String(info.name.dropFirst(prefix.count))] = try golden.tensor(index)
    }
    return found
  }

  /// The largest error of each output over the range expected.
  func errors() throws -> [String: Float] {
    let inputs = try tensors("input.")
    let expected = try tensors("output.")
    var errors: [String: Float] = [:]
    for graph in try graphs() {
      let session = try Session(graph: graph, weights: weights)
      let names = Set(session.inputs.map(\.name))
      let outputs = try session.run(inputs.filter { names.contains($0.key) })
      for (name, tensor) in outputs {
        let found = tensor.array(of: Float.self)
        let wanted = expected[name]?.array(of: Float.self) ?? []
        let range = (wanted.max() ?? 0) - (wanted.min() ?? 0)
        let error = zip(found, wanted).map { abs($0 - $1) }.max() ?? .infinity
        errors[name] = found.count == wanted.count ? error / range : .infinity
      }
    }
    return errors
  }
}

/// Tensors without elements.
private struct Descriptions: TensorSource {
  let tensors: [TensorInfo]

  func read(_ index: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    throw TensorError.byteCountMismatch(expected: buffer.count, found: 0)
  }
}
