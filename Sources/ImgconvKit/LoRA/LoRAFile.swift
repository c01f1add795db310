import FileIO
import Operators
import SafetensorsFormat
import Tensors

/// The updates in a LoRA file, by the names that diffusers and peft (`lora_A`, `lora_B`), kohya's
/// scripts (`lora_down`, `lora_mid`, `lora_up`, `alpha`, `dora_scale`) and older diffusers
/// (`_lora.down`, `_lora.up`) use.
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
    case down, mid, up, alpha, magnitude
  }

  private static let endings: [(String, Part)] = [
    (".lora_A.default.weight", .down), (".lora_B.default.weight", .up),
    (".lora_A.weight", .down), (".lora_B.weight", .up), (".lora_down.weight", .down),
    (".lora_up.weight", .up), (".lora.down.weight", .down), (".lora.up.weight", .up),
    ("_lora.down.weight", .down), ("_lora.up.weight", .up), (".lora_mid.weight", .mid),
    (".alpha", .alpha), (".dora_scale", .magnitude),
    (".lora_magnitude_vector.default.weight", .magnitude),
    (".lora_magnitude_vector.weight", .magnitude), (".lora_magnitude_vector", .magnitude),
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
    var down = try matrix(file, downIndex, source.path)
    let up = try matrix(file, upIndex, source.path)
    if let index = parts.indices[.mid] { down = try middle(file, index, down, source.path) }
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
      layer: layer, up: up, down: down, factor: Float(alpha / Double(rank) * source.scale),
      magnitudes: try parts.indices[.magnitude].map {
        try magnitudes(file, $0, outputs: up.shape[0], source.path)
      })
  }

  /// The product of `down` `[rank, inputs]` and the kernel `[rank, rank, height, width]` between it
  /// and `up` (LyCORIS' Tucker form of a convolution), `[rank, inputs · height · width]`.
  private static func middle(
    _ file: SafetensorsFile, _ index: Int, _ down: Tensor, _ path: String
  ) throws -> Tensor {
    let info = file.tensors[index]
    let extents = info.shape.dimensions
    guard extents.count == 4, extents[1] == down.shape[0] else {
      throw refused(
        path, info.name, "[rank, \(down.shape[0]), height, width]", "\(info.shape)")
    }
    let (rank, inner, inputs) = (extents[0], extents[1], down.shape[1])
    let area = extents[2] * extents[3]
    let kernel = try matrix(file, index, path).array(of: Float.self)
    let first = down.array(of: Float.self)
    let shape = try Shape(checking: [rank, inputs * area])
    let result = try Tensor(zeros: .float32, shape)
    let target = result.mutablePointer(as: Float.self)
    for row in 0..<rank {
      for step in 0..<inner {
        for input in 0..<inputs {
          let weight = first[step * inputs + input]
          let place = (row * inputs + input) * area
          let source = (row * inner + step) * area
          for cell in 0..<area { target[place + cell] += kernel[source + cell] * weight }
        }
      }
    }
    return result
  }

  /// Lengths of rows, in any shape that has one number an output and tells it from one an input.
  private static func magnitudes(
    _ file: SafetensorsFile, _ index: Int, outputs: Int, _ path: String
  ) throws -> Tensor {
    let info = file.tensors[index]
    let extents = info.shape.dimensions
    let isByOutput = extents.first == outputs || (extents.count == 4 && extents[1] == outputs)
    guard info.shape.elementCount == outputs, isByOutput, info.dtype.isFloatingPoint else {
      throw refused(path, info.name, "one length for each of \(outputs) outputs", "\(info.shape)")
    }
    return try file.tensor(index).converted(to: .float32).reshaped([outputs])
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
