import FileIO

/// What diffusers notes of an adapter in `__metadata__` under `lora_adapter_metadata`: its alpha,
/// which the tensors do not tell.
struct LoRASettings {
  private let document: JSONValue

  /// The settings in a JSON text; none where it is nil or no object.
  init(_ text: String?) {
    document = text.flatMap { try? JSONParser().parse(Array($0.utf8)) } ?? .null
  }

  /// The alpha of `layer`: the rank itself where nothing is noted.
  ///
  /// Keys carry the component before a full stop (`unet.lora_alpha`) or stand alone.
  func alpha(of layer: String, rank: Int) -> Double {
    for member in document.members ?? [] {
      let parts = member.name.split(separator: ".", maxSplits: 1)
      guard parts.last == "lora_alpha", let alpha = member.value.double, alpha.isFinite else {
        continue
      }
      if parts.count == 1 || layer.hasPrefix("\(parts[0]).") { return alpha }
    }
    return Double(rank)
  }

  /// Refuses what changes the update otherwise.
  ///
  /// - Throws: `JobError.lora`.
  func requireSupported(path: String) throws {
    for member in document.members ?? [] {
      let key = member.name.split(separator: ".").last ?? ""
      let isSet =
        key == "use_rslora"
        ? member.value.bool == true
        : ["alpha_pattern"].contains(key) && member.value.members?.isEmpty == false
      if isSet {
        throw JobError.lora(
          path: path, name: member.name, expected: "nothing of that", found: member.value.kindName)
      }
    }
  }
}
