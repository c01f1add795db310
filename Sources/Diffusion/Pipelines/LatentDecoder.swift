import FileIO
import ModelGraph
import Operators
import Runtime
import Tensors

/// The part of an autoencoder that turns latents into images.
public struct LatentDecoder: Sendable {
  /// The autoencoder.
  public let component: Component
  /// How many pixels across one element of a latent stands for.
  public let magnification: Int
  private let graph: Graph
  private let normalization: LatentNormalization

  /// The decoder that belongs to `denoiser`; nil where `model` has none.
  ///
  /// - Throws: `DiffusionError.key` for factors that are no numbers.
  init?(_ model: Model, of denoiser: Component) throws(DiffusionError) {
    let found = model.components.filter { component in
      component.graphs.contains { $0.name == "decoder" }
    }
    guard let component = found.first(where: { $0.role == denoiser.role }) ?? found.first,
      let graph = component.graphs.first(where: { $0.name == "decoder" })
    else { return nil }
    self.component = component
    self.graph = graph
    normalization = try LatentNormalization(component)
    magnification = Self.magnification(component)
  }

  /// Twofold for each level but one; `AutoencoderTiny` may have another factor.
  private static func magnification(_ component: Component) -> Int {
    let isTiny = component.setting("_class_name")?.string == "AutoencoderTiny"
    let key = isTiny ? "decoder_block_out_channels" : "block_out_channels"
    let levels = component.setting(key)?.elements?.count ?? 4
    let factor = isTiny ? component.count("upsampling_scaling_factor") ?? 2 : 2
    return (1..<max(levels, 1)).reduce(1) { product, _ in min(product * factor, 1 << 20) }
  }

  /// A function that decodes latents `[N, C, h, w]` of the denoiser's scale into images
  /// `[N, 3, H, W]` of −1 … 1.
  ///
  /// - Throws: what planning the graph throws; the function what running it throws.
  public func makeDecode() throws -> (Tensor) throws -> Tensor {
    let session = try Session(graph: graph, weights: component.weights)
    return { latents in
      let images = try session.runInOrder([
        normalization.undone(latents).converted(to: session.inputs[0].type.dtype ?? .float32)
      ])
      return try images[0].converted(to: .float32)
    }
  }
}
