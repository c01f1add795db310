import FileIO
import Foundation
import ImgcFormat
import ModelGraph
import ONNXFormat
import Operators
import SafetensorsFormat
import Tensors

/// A model as it was read, with the files it came from.
public struct LoadedModel: Sendable {
  /// The model; graphs are at the canonical opset.
  public var model: Model
  /// The format it was in.
  public var format: FileFormat
  /// The path given.
  public var path: String
  /// The files that hold weights, graphs, configurations and shard lists; a file given comes first.
  public var sourcePaths: [String]
}

/// Opens model files of any of the formats, without reading weights.
public struct ModelLoader: Sendable {
  /// What the ONNX reader may do with external data.
  public var onnxOptions: ONNXOptions

  /// How a folder is read.
  public var folderOptions: FolderOptions

  /// A loader.
  public init(
    onnxOptions: ONNXOptions = ONNXOptions(), folderOptions: FolderOptions = FolderOptions()
  ) {
    self.onnxOptions = onnxOptions
    self.folderOptions = folderOptions
  }

  /// The model in the file or folder at `path`.
  ///
  /// - Throws: the format's error, `ArchitectureError`, `JobError.unknownFormat`, or `OperatorError` for an opset that
  ///   cannot be raised.
  public func load(path: String) throws -> LoadedModel {
    let format = try FileFormat(path: path)
    var paths = [path]
    let model: Model
    switch format {
    case .safetensors:
      let file = try SafetensorsFile(path: path)
      model =
        try OriginalCheckpoint(file, path: path)?.model()
        ?? weightsOnly(file, metadata: file.metadata, notes: file.notes)
    case .shardIndex:
      let shards = try ShardedSafetensors(indexPath: path)
      paths += shards.shardPaths
      model = weightsOnly(shards, notes: shards.notes)
    case .onnx:
      model = try raised(ONNXReader.read(path: path, options: onnxOptions))
      // The model's file comes first, then its external data.
      paths += model.components.compactMap { $0.weights as? ONNXWeights }
        .flatMap { $0.files.dropFirst().map(\.path) }
    case .imgc: model = try ImgcFile(path: path).model
    case .folder: (model, paths) = try FolderReader.read(path, options: folderOptions)
    }
    return LoadedModel(model: model, format: format, path: path, sourcePaths: paths)
  }

  /// A model of weights without a graph; the reader's notes stand in a step of history that an
  /// import takes them from.
  private func weightsOnly(
    _ weights: any TensorSource, metadata: [String: String] = [:], notes: [String]
  ) -> Model {
    Model(
      components: [Component(name: Self.defaultName, weights: weights, metadata: metadata)],
      provenance: notes.isEmpty
        ? [] : [ProvenanceStep(action: "read", tool: "safetensors", notes: notes)])
  }

  private func raised(_ model: Model) throws -> Model {
    var raised = model
    for index in raised.components.indices {
      raised.components[index].graphs = try raised.components[index].graphs.map {
        try OpsetRaising.raise($0, from: $0.opsetImports[""] ?? 1)
      }
    }
    return raised
  }

  /// The name of a component whose source names none.
  static let defaultName = "model"
}
