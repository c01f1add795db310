import Foundation
import ModelGraph
import Tensors

extension GenerationModel {
  /// Inputs by which a distilled denoiser takes the guidance scale, in place of a second
  /// evaluation.
  private static let guidanceNames = ["timestep_cond", "guidance"]

  /// Whether the denoiser takes the guidance scale itself.
  public var takesGuidance: Bool {
    graph.inputs.contains { Self.guidanceNames.contains($0.name) }
  }

  /// `given`, and what follows from the image's shape, the guidance scale and the text: `time_ids`,
  /// `resolution`, `aspect_ratio`, `img_ids`, `txt_ids`, `timestep_cond`, `guidance`, masks that hide
  /// nothing. What is given stays; what the graph does not take is not added.
  ///
  /// - Parameters:
  ///   - given: tensors by the names of the graph's inputs.
  ///   - shape: the noisy images, `[N, C, H, W]`.
  ///   - guidance: the guidance scale.
  ///   - isNegative: whether the inputs stand for what shall not be shown.
  /// - Throws: `DiffusionError.setting` where the configuration does not tell how many numbers there
  ///   are; `TensorError`.
  public func completed(
    _ given: [String: Tensor], shape: Shape, guidance: Float, isNegative: Bool = false
  ) throws -> [String: Tensor] {
    var inputs = given
    for input in graph.inputs where inputs[input.name] == nil {
      let axes = input.type.dimensions ?? []
      switch input.name {
      case "time_ids":
        inputs[input.name] = try timeIDs(inputs["text_embeds"], shape, isNegative)
      case "resolution": inputs[input.name] = try row(pixels(shape))
      case "aspect_ratio":
        let size = pixels(shape)
        inputs[input.name] = try row([size[0] / size[1]])
      case "img_ids": inputs[input.name] = try places(shape, axes.last?.fixedValue ?? 3)
      case "txt_ids":
        guard let text = inputs["encoder_hidden_states"], text.shape.rank == 3 else { continue }
        let count = axes.last?.fixedValue ?? 3
        inputs[input.name] = try Tensor(
          zeros: .float32, Shape(checking: [text.shape[1], count]))
      case "timestep_cond":
        let size = denoiser.count("time_cond_proj_dim") ?? axes.last?.fixedValue ?? 256
        inputs[input.name] = try Self.guidanceEmbedding(guidance - 1, size: size)
      case "guidance": inputs[input.name] = try Tensor([guidance], [1])
      default: inputs[input.name] = defaults[input.name]
      }
    }
    return inputs
  }

  private func row(_ values: [Double]) throws -> Tensor {
    try Tensor(values.map { Float($0) }, Shape(checking: [1, values.count]))
  }

  private func pixels(_ shape: Shape) -> [Double] {
    [shape[2], shape[3]].map { Double($0 * pixelsPerCell) }
  }

  /// SDXL's numbers: original size, the crop's corner, target size; its refiner's: original size,
  /// corner, aesthetic score 6, or 2.5 for what shall not be shown.
  private func timeIDs(
    _ text: Tensor?, _ shape: Shape, _ isNegative: Bool
  ) throws -> Tensor? {
    guard let text, text.shape.rank == 2 else { return nil }
    let size = pixels(shape)
    let total = denoiser.count("projection_class_embeddings_input_dim") ?? 2816
    let unit = denoiser.count("addition_time_embed_dim") ?? 256
    let room = total - text.shape[1]
    switch room % unit == 0 ? room / unit : 0 {
    case 6: return try row(size + [0, 0] + size)
    case 5: return try row(size + [0, 0] + [isNegative ? 2.5 : 6])
    default:
      throw DiffusionError.setting(
        name: "time_ids", expected: "5 or 6 numbers of \(unit) channels each",
        found: "\(room) channels")
    }
  }

  /// The places of packed latents' tokens: 0, row, column (`_prepare_latent_image_ids`).
  private func places(_ shape: Shape, _ axes: Int) throws -> Tensor {
    let (rows, columns) = (shape[2] / 2, shape[3] / 2)
    var values = [Float](repeating: 0, count: rows * columns * axes)
    for token in 0..<(rows * columns) where axes >= 3 {
      values[token * axes + 1] = Float(token / columns)
      values[token * axes + 2] = Float(token % columns)
    }
    return try Tensor(values, Shape(checking: [rows * columns, axes]))
  }

  /// Sines and cosines of 1000 w at falling frequencies, as latent consistency models take a
  /// guidance scale less 1 (`get_guidance_scale_embedding` of diffusers), `[1, size]`.
  static func guidanceEmbedding(_ scale: Float, size: Int) throws -> Tensor {
    let half = size / 2
    let step = Foundation.log(Float(10000)) / Float(half - 1)
    let angles = (0..<half).map { scale * 1000 * Foundation.exp(Float($0) * -step) }
    let values = angles.map { sin($0) } + angles.map { cos($0) }
    return try Tensor(
      values + [Float](repeating: 0, count: size - values.count), Shape(checking: [1, size]))
  }
}
