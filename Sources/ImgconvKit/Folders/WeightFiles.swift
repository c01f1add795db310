import FileIO
import SafetensorsFormat
import Tensors

/// The weights that stand beside a configuration.
struct WeightFiles {
  /// The tensors.
  let source: any TensorSource
  /// The files, the one for messages first.
  let paths: [String]
  /// The texts of `__metadata__`, of a single file.
  let metadata: [String: String]
  /// What was let pass.
  let notes: [String]

  /// What weights are called: by diffusers, by transformers.
  private static let stems = ["diffusion_pytorch_model", "model"]

  /// Opens the weights in `folder`.
  ///
  /// - Parameter variant: the variant wanted; where a folder has the plain weights only, those are
  ///   taken, and a note says so.
  /// - Throws: `JobError.folder` where there are none, or several that could be meant;
  ///   `SafetensorsError`.
  init(_ folder: ModelFolder, variant: String?) throws {
    var notes: [String] = []
    var found = Self.candidates(variant).filter(folder.has)
    if found.isEmpty, let variant {
      found = Self.candidates(nil).filter(folder.has)
      if !found.isEmpty {
        notes.append("\(folder.path): no variant \(variant.escapedForDisplay); plain weights taken")
      }
    }
    guard found.count <= 1 else {
      throw JobError.folder(
        path: folder.path, expected: "one set of weights", found: found.joined(separator: " and "))
    }
    guard let name = found.first else { throw try Self.missing(folder, variant) }
    let path = folder.path(of: name)
    if name.hasSuffix(".json") {
      let shards = try ShardedSafetensors(indexPath: path)
      source = shards
      paths = [path] + shards.shardPaths
      metadata = [:]
      self.notes = notes + shards.notes
    } else {
      let file = try SafetensorsFile(path: path)
      source = file
      paths = [path]
      metadata = file.metadata
      self.notes = notes + file.notes
    }
  }

  private static func candidates(_ variant: String?) -> [String] {
    stems.flatMap { stem in
      guard let variant else { return ["\(stem).safetensors", "\(stem).safetensors.index.json"] }
      return [
        "\(stem).\(variant).safetensors", "\(stem).safetensors.index.\(variant).json",
        "\(stem).\(variant).safetensors.index.json",
      ]
    }
  }

  private static func missing(_ folder: ModelFolder, _ variant: String?) throws -> JobError {
    let names = try folder.fileNames()
    let others = names.filter {
      [".safetensors", ".index.json", ".bin", ".msgpack", ".ckpt", ".pt", ".h5"]
        .contains(where: $0.hasSuffix)
    }
    let expected = candidates(variant)[0]
    let found =
      others.isEmpty
      ? "no weights" : others.prefix(5).map(\.escapedForDisplay).joined(separator: ", ")
    return .folder(
      path: folder.path,
      expected: "\(expected) or its like (--variant names another variant)", found: found)
  }
}
