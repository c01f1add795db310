import FileIO
import ModelGraph
import Tensors

extension GenerationModel {
  /// The shape of `count` noisy images: `[count, C, H, W]`.
  ///
  /// Channels come from the graph or the configuration's `in_channels`, height and width from the
  /// graph, `size` or the configuration's `sample_size`.
  ///
  /// - Parameter size: height and width as the denoiser sees them; nil for the model's own.
  /// - Throws: `DiffusionError.setting` naming what is not known or does not fit.
  public func sampleShape(
    count: Int, size: (height: Int, width: Int)? = nil
  ) throws(DiffusionError) -> Shape {
    let input = graph.requiredInputs.first { SessionDenoiser.sampleNames.contains($0.name) }
    let dimensions = input?.type.dimensions ?? []
    guard dimensions.count == 4 else {
      throw .setting(
        name: "the noisy image", expected: "shape [N, C, H, W]",
        found: "\(dimensions.count) axes")
    }
    let config = denoiser.config.flatMap { try? JSONParser().parse($0) }
    let own = config?["sample_size"]
    let pair = own?.elements?.compactMap(\.int) ?? []
    let fallback = pair.count == 2 ? pair : own?.int.map { [$0, $0] } ?? []
    let wanted = size.map { [$0.height, $0.width] } ?? fallback
    let extents = [
      try extent("channels", dimensions[1], config?["in_channels"]?.int),
      try extent("height", dimensions[2], wanted.first),
      try extent("width", dimensions[3], wanted.last),
    ]
    do {
      return try Shape(checking: [count] + extents)
    } catch {
      throw .setting(name: "size", expected: "images that fit in memory", found: "\(extents)")
    }
  }

  private func extent(
    _ name: String, _ dimension: Dimension, _ known: Int?
  ) throws(DiffusionError) -> Int {
    if case .fixed(let extent) = dimension { return extent }
    guard let known, known > 0, known <= 1 << 20 else {
      throw .setting(
        name: name, expected: "a number of the model's configuration, or --size",
        found: known.map(String.init) ?? "none")
    }
    return known
  }

  /// How many classes there are, the label for none among them; nil for a model without labels.
  public var classCount: Int? {
    guard graph.requiredInputs.contains(where: { $0.name == "class_labels" }) else { return nil }
    let config = denoiser.config.flatMap { try? JSONParser().parse($0) }
    return config?["num_class_embeds"]?.int ?? LookupTables(graph).rows(of: "class_labels")
  }
}
