import FileIO
import Operators
import SafetensorsFormat
import Tensors

/// A low-rank update of one weight: W + factor · up · down (Hu et al., *LoRA*, 2021).
struct LowRankUpdate: Sendable {
  /// The layer as the file names it.
  var layer: String
  /// `[outputs, rank]`, fp32.
  var up: Tensor
  /// `[rank, columns]`, fp32; columns are inputs, times the kernel's area for a convolution.
  var down: Tensor
  /// alpha / rank, times the strength asked for.
  var factor: Float

  /// The inner extent.
  var rank: Int { down.shape[0] }
  /// The elements of one output.
  var columns: Int { down.shape[1] }
}

/// The updates in a LoRA file, by the names that diffusers and peft (`lora_A`, `lora_B`), kohya's
/// scripts (`lora_down`, `lora_up`, `alpha`) and older diffusers (`_lora.down`, `_lora.up`) use.
struct LoRAFile {
  /// The updates in the order of their layers' names.
  let updates: [LowRankUpdate]
  private let path: String

  /// Reads the file of `source`.
  ///
  /// - Throws: `JobError.lora` naming a tensor that belongs to no update, or that does not fit its
  ///   partner; `SafetensorsError`, `FileIOError`.
  init(_ source: LoRASource) throws {
    path = source.path
    let file = try SafetensorsFile(path: source.path)
    var layers: [String: Parts] = [:]
    for (index, info) in file.tensors.enumerated() {
      guard let (layer, part) = Self.part(of: info.name) else {
        throw Self.refused(
          source.path, info.name, "lora_A and lora_B, or lora_down, lora_up and alpha",
          "another tensor")
      }
      if layers[layer, default: Parts()].indices.updateValue(index, forKey: part) != nil {
        throw Self.refused(source.path, info.name, "each part of \(layer) once", "two")
      }
    }
    let settings = LoRASettings(file.metadata["lora_adapter_metadata"])
    try settings.requireSupported(path: source.path)
    updates = try layers.sorted { $0.key < $1.key }.map { layer, parts in
      try Self.update(layer, parts, file, source, settings)
    }
  }

  /// Which tensors belong to one layer.
  private struct Parts {
    var indices: [Part: Int] = [:]
  }

  /// What a tensor is of its layer's update.
  enum Part: String {
    case down, up, alpha
  }

  private static let endings: [(String, Part)] = [
    (".lora_A.default.weight", .down), (".lora_B.default.weight", .up),
    (".lora_A.weight", .down), (".lora_B.weight", .up), (".lora_down.weight", .down),
    (".lora_up.weight", .up), (".lora.down.weight", .down), (".lora.up.weight", .up),
    ("_lora.down.weight", .down), ("_lora.up.weight", .up), (".alpha", .alpha),
  ]

  /// The layer and the part that a tensor's name tells; nil where it ends in none of the known
  /// ways.
  static func part(of name: String) -> (layer: String, part: Part)? {
    for (ending, part) in endings where name.hasSuffix(ending) {
      var layer = String(name.dropLast(ending.count))
      if ending.hasPrefix("_lora") {
        layer = layer.replacing(".processor.", with: ".")
        if layer.hasSuffix(".to_out") { layer += ".0" }
      }
      return (layer, part)
    }
    return nil
  }

  private static func refused(
    _ path: String, _ name: String, _ expected: String, _ found: String
  ) -> JobError {
    .lora(path: path, name: name, expected: expected, found: found)
  }

  private static func update(
    _ layer: String, _ parts: Parts, _ file: SafetensorsFile, _ source: LoRASource,
    _ settings: LoRASettings
  ) throws -> LowRankUpdate {
    guard let downIndex = parts.indices[.down], let upIndex = parts.indices[.up] else {
      throw refused(
        source.path, layer, "both matrices",
        parts.indices.keys.map(\.rawValue).sorted().joined(separator: ", "))
    }
    let down = try matrix(file, downIndex, source.path)
    let up = try matrix(file, upIndex, source.path)
    guard up.shape[1] == down.shape[0], down.shape[0] > 0 else {
      throw refused(
        source.path, file.tensors[upIndex].name, "[outputs, \(down.shape[0])]", "\(up.shape)")
    }
    let rank = down.shape[0]
    var alpha = settings.alpha(of: layer, rank: rank)
    if let index = parts.indices[.alpha] {
      let tensor = try file.tensor(index).converted(to: .float64)
      guard tensor.elementCount == 1, let value = tensor.array(of: Double.self).first,
        value.isFinite
      else {
        throw refused(source.path, file.tensors[index].name, "one number", "\(tensor.shape)")
      }
      alpha = value
    }
    return LowRankUpdate(
      layer: layer, up: up, down: down, factor: Float(alpha / Double(rank) * source.scale))
  }

  /// A tensor of two or four axes as a matrix of fp32: the first axis, and all others.
  private static func matrix(
    _ file: SafetensorsFile, _ index: Int, _ path: String
  ) throws -> Tensor {
    let info = file.tensors[index]
    guard [2, 4].contains(info.shape.rank),
      [.float32, .float16, .bfloat16, .float64].contains(info.dtype)
    else {
      throw refused(
        path, info.name, "a matrix or a kernel of floating-point numbers",
        "\(info.dtype.name) \(info.shape)")
    }
    let rows = info.shape[0]
    let columns = rows == 0 ? 0 : info.shape.elementCount / rows
    return try file.tensor(index).converted(to: .float32).reshaped([rows, columns])
  }
}
