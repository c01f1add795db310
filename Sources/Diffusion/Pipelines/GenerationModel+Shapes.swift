import FileIO
import ModelGraph
import Runtime
import Tensors

extension GenerationModel {
  /// The largest height or width that is believed.
  private static let maximumExtent = 1 << 20

  /// The shape of `count` noisy images: `[count, C, H, W]`.
  ///
  /// Channels come from the graph or the configuration's `in_channels`, height and width from the
  /// graph, `extents` or the configuration's `sample_size`.
  ///
  /// - Parameter unstated: the height and width, as the denoiser sees them, where none of them tells.
  /// - Throws: `DiffusionError.setting` naming what is not known or does not fit.
  public func sampleShape(
    count: Int, extents: ImageExtents = .standard, unstated: Int? = nil
  ) throws(DiffusionError) -> Shape {
    let input = graph.inputs.first { SessionDenoiser.sampleNames.contains($0.name) }
    let dimensions = input?.type.dimensions ?? []
    let known = try latentExtents(extents)
    let (height, width) = (known.height ?? unstated, known.width ?? unstated)
    let found: [Int]
    switch dimensions.count {
    case 4:
      found = [
        try extent("channels", dimensions[1], denoiser.count("in_channels")),
        try extent("height", dimensions[2], height), try extent("width", dimensions[3], width),
      ]
    case 3:
      let packed = try extent("channels", dimensions[2], denoiser.count("in_channels"))
      let symbol = Dimension.symbol("")
      found = [
        packed / 4, try extent("height", symbol, height), try extent("width", symbol, width),
      ]
    default:
      throw .setting(
        name: "the noisy image", expected: "shape [N, C, H, W]",
        found: "\(dimensions.count) axes")
    }
    do {
      return try Shape(checking: [count] + found)
    } catch {
      throw .setting(name: "size", expected: "images that fit in memory", found: "\(found)")
    }
  }

  /// Height and width as the denoiser sees them, as far as they are known.
  private func latentExtents(
    _ extents: ImageExtents
  ) throws(DiffusionError) -> (height: Int?, width: Int?) {
    if case .denoised(let height, let width) = extents { return (height, width) }
    // diffusers' FluxPipeline has a size of its own.
    let standard = try configuredExtents() ?? (isPacked ? (128, 128) : nil)
    guard case .pixels(let height, let width) = extents else {
      return (standard?.height, standard?.width)
    }
    return (
      try latentExtent("height", height) ?? standard?.height,
      try latentExtent("width", width) ?? standard?.width
    )
  }

  /// Height and width of the configuration's `sample_size`, one number or two; nil without one.
  private func configuredExtents() throws(DiffusionError) -> (height: Int, width: Int)? {
    guard let own = denoiser.setting("sample_size") else { return nil }
    let pair = own.elements.map { $0.count == 2 ? $0.compactMap(\.int) : [] } ?? []
    let numbers = own.int.map { [$0, $0] } ?? pair
    guard numbers.count == 2 else {
      throw .setting(
        name: "sample_size", expected: "a whole number, or a height and a width",
        found: own.kindName)
    }
    return (numbers[0], numbers[1])
  }

  private func latentExtent(_ name: String, _ pixels: Int?) throws(DiffusionError) -> Int? {
    guard let pixels else { return nil }
    let unit = pixelsPerCell * (isPacked ? 2 : 1)
    guard pixels > 0, pixels % unit == 0 else {
      throw .setting(name: name, expected: "a multiple of \(unit)", found: "\(pixels)")
    }
    return pixels / pixelsPerCell
  }

  /// How many pixels of an image, across, one element of what the denoiser sees stands for: the
  /// autoencoder's factor; without one 8 for models of latents, as diffusers has it, else 1.
  var pixelsPerCell: Int {
    decoder?.magnification ?? (PipelineFamily(denoiser, graph) == nil ? 1 : 8)
  }

  /// How many tokens the image has in a transformer.
  func tokenCount(of shape: Shape) -> Int {
    let patch = isPacked ? 2 : denoiser.count("patch_size") ?? 2
    return shape[2] / patch * (shape[3] / patch)
  }

  private func extent(
    _ name: String, _ dimension: Dimension, _ known: Int?
  ) throws(DiffusionError) -> Int {
    if case .fixed(let extent) = dimension { return extent }
    guard let known, (1...Self.maximumExtent).contains(known) else {
      throw .setting(
        name: name, expected: "a number of the model's configuration, or --size",
        found: known.map(String.init) ?? "none")
    }
    return known
  }

  /// How many classes there are, the label for none among them; nil for a model without labels.
  public var classCount: Int? {
    guard graph.inputs.contains(where: { $0.name == "class_labels" }) else { return nil }
    return denoiser.count("num_class_embeds")
      ?? LookupTables(graph).rows(of: "class_labels")
  }

  /// The class's own sampler of `steps` steps for images of `shape`.
  ///
  /// - Throws: `DiffusionError`.
  public func sampler(
    _ configuration: SchedulerConfiguration, steps: Int, shape: Shape
  ) throws(DiffusionError) -> any Sampler {
    try configuration.sampler(
      steps: steps, imageSequenceLength: tokenCount(of: shape),
      levels: isPacked ? .even : .trained)
  }
}
