import FileIO
import ModelGraph
import Tensors

extension Model {
  /// Folds the updates of LoRA files into the weights, in the order of the files.
  ///
  /// - Throws: `JobError.lora` naming the layers that no weight answers to, or one whose shape does
  ///   not fit; the files' errors.
  mutating func fold(_ sources: [LoRASource]) throws {
    let targets = LoRATargets(components)
    var updates: [Int: [Int: [LowRankUpdate]]] = [:]
    for source in sources {
      var strangers: [String] = []
      for update in try LoRAFile(source).updates {
        guard let target = targets.target(of: update.layer) else {
          strangers.append(update.layer)
          continue
        }
        try requireFit(update, target, source)
        updates[target.component, default: [:]][target.tensor, default: []].append(update)
      }
      guard strangers.isEmpty else {
        let listed = strangers.prefix(20).map { $0.escapedForDisplay(limit: 200) }
        let rest = strangers.count - listed.count
        throw JobError.lora(
          path: source.path, name: listed.joined(separator: ", ") + (rest > 0 ? " …" : ""),
          expected: "layers of \(components.map(\.label).joined(separator: ", "))",
          found: "\(strangers.count) that no weight answers to")
      }
    }
    for (index, tensors) in updates {
      components[index].weights = FoldedWeights(components[index].weights, updates: tensors)
    }
  }

  private func requireFit(
    _ update: LowRankUpdate, _ target: LoRATargets.Target, _ source: LoRASource
  ) throws {
    let info = components[target.component].weights.tensors[target.tensor]
    let outputs = info.shape[0]
    let columns = outputs == 0 ? 0 : info.shape.elementCount / outputs
    guard update.up.shape[0] == outputs, update.columns == columns, columns > 0,
      [.float32, .float16, .bfloat16].contains(info.dtype)
    else {
      throw JobError.lora(
        path: source.path, name: update.layer,
        expected: "an update of \(info.dtype.name) \(info.shape) of floating-point numbers",
        found: "[\(update.up.shape[0]), \(update.rank)] · [\(update.rank), \(update.columns)]")
    }
  }
}
