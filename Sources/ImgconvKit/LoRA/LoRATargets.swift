import FileIO
import ModelGraph

/// Finds the weights that a LoRA file's layers update.
struct LoRATargets {
  /// A weight of a component.
  struct Target: Hashable {
    var component: Int
    var tensor: Int
  }

  private let names: [(index: Int, name: String)]
  private var byPath: [String: Target] = [:]
  private var byFlatName: [String: Target] = [:]

  /// The weights of `components`; of the student's alone where a teacher is there too.
  init(_ components: [Component]) {
    let hasStudent = components.contains { $0.role == .student }
    let chosen = components.enumerated().filter { !hasStudent || $0.element.role == .student }
    names = chosen.map { ($0.offset, $0.element.name) }
    for (index, component) in chosen {
      let original = OriginalLayerNames(component.weights.tensors)
      for (tensor, info) in component.weights.tensors.enumerated()
      where info.name.hasSuffix(".weight") && [2, 4].contains(info.shape.rank) {
        let target = Target(component: index, tensor: tensor)
        let own = String(info.name.dropLast(".weight".count))
        for layer in Self.spellings(own) + [original?.layer(own)].compactMap({ $0 }) {
          byPath["\(index).\(layer)"] = target
          byFlatName["\(index)_\(layer.replacing(".", with: "_"))"] = target
        }
      }
    }
  }

  /// A layer's path with and without the `text_model` that only older text encoders store.
  private static func spellings(_ layer: String) -> [String] {
    let prefix = "text_model."
    return layer.hasPrefix(prefix)
      ? [layer, String(layer.dropFirst(prefix.count))] : [layer, prefix + layer]
  }

  /// The weight that `layer` of a LoRA file updates.
  func target(of layer: String) -> Target? {
    layer.hasPrefix("lora_") ? flatTarget(layer) : pathTarget(layer)
  }

  /// `unet.down_blocks.0…`, `text_encoder.…`, or the denoiser's path alone.
  private func pathTarget(_ layer: String) -> Target? {
    let peft = "base_model.model."
    let path = layer.hasPrefix(peft) ? String(layer.dropFirst(peft.count)) : layer
    for (index, name) in names where path.hasPrefix("\(name).") {
      if let target = byPath["\(index).\(path.dropFirst(name.count + 1))"] { return target }
    }
    for index in components(["unet", "transformer"]) {
      for prefix in ["", "unet.", "transformer."] where path.hasPrefix(prefix) {
        if let target = byPath["\(index).\(path.dropFirst(prefix.count))"] { return target }
      }
    }
    return nil
  }

  private static let flatPrefixes: [(String, [String])] = [
    ("lora_unet_", ["unet", "transformer"]), ("lora_transformer_", ["transformer"]),
    ("lora_te1_", ["text_encoder"]), ("lora_te2_", ["text_encoder_2"]),
    ("lora_te3_", ["text_encoder_3"]), ("lora_te_", ["text_encoder"]),
  ]

  /// `lora_unet_down_blocks_0_…`: full stops written as underscores.
  private func flatTarget(_ layer: String) -> Target? {
    for (prefix, owners) in Self.flatPrefixes where layer.hasPrefix(prefix) {
      for index in components(owners) {
        if let target = byFlatName["\(index)_\(layer.dropFirst(prefix.count))"] { return target }
      }
    }
    return nil
  }

  /// The components called one of `owners`; the only one there is where none is called so.
  private func components(_ owners: [String]) -> [Int] {
    let found = names.filter { owners.contains($0.name) }.map(\.index)
    return found.isEmpty && names.count == 1 ? [names[0].index] : found
  }
}
