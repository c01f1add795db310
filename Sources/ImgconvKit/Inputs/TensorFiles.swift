import FileIO
import Foundation
import ModelGraph
import ONNXFormat
import SafetensorsFormat
import Tensors

/// Tensors given on the command line: by name in safetensors files, or one a file, by order, as
/// `.npy` or ONNX TensorProto `.pb`.
struct TensorFiles {
  /// Tensors that carry names, and those that come in order.
  private(set) var named: [String: Tensor] = [:]
  private(set) var ordered: [Tensor] = []

  /// Reads `paths`.
  ///
  /// - Parameter prefix: where a safetensors file's names carry `input.` or `output.`, only those
  ///   with this prefix are taken, without it; files without such prefixes are taken whole.
  init(paths: [String], prefix: String) throws {
    for path in paths {
      switch (path as NSString).pathExtension.lowercased() {
      case "npy": ordered.append(try NumpyArrayFile.read(path: path))
      case "pb": ordered.append(try ONNXReader.tensor(pbPath: path).tensor)
      default: try addNamed(path, prefix)
      }
    }
  }

  private mutating func addNamed(_ path: String, _ prefix: String) throws {
    let file = try SafetensorsFile(path: path)
    let carriesPrefixes = file.tensors.contains {
      $0.name.hasPrefix("input.") || $0.name.hasPrefix("output.")
    }
    for (index, info) in file.tensors.enumerated() {
      guard !carriesPrefixes || info.name.hasPrefix(prefix) else { continue }
      let name = carriesPrefixes ? String(info.name.dropFirst(prefix.count)) : info.name
      guard named.updateValue(try file.tensor(index), forKey: name) == nil else {
        throw JobError.inputFile(
          path: path, reason: "tensor \(name.escapedForDisplay): given by another file too")
      }
    }
  }

  /// The tensors for `values`, by name.
  ///
  /// - Throws: `JobError.fileCount` where tensors come by order and their number differs.
  func assigned(to values: [ValueInfo], what: String) throws -> [String: Tensor] {
    guard !ordered.isEmpty else { return named }
    let unnamed = values.filter { named[$0.name] == nil }
    guard ordered.count == unnamed.count else {
      throw JobError.fileCount(what: what, expected: unnamed.count, found: ordered.count)
    }
    var assigned = named
    for (value, tensor) in zip(unnamed, ordered) { assigned[value.name] = tensor }
    return assigned
  }
}
