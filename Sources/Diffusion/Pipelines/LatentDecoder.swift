import FileIO
import ModelGraph
import Operators
import Runtime
import Tensors

/// The part of an autoencoder that turns latents into images.
public struct LatentDecoder: Sendable {
  /// The autoencoder.
  public let component: Component
  private let graph: Graph
  private let scale: Float
  private let shift: Float

  /// The decoder that belongs to `denoiser`; nil where `model` has none.
  ///
  /// - Throws: `DiffusionError.key` for factors that are no numbers, `.unsupported` for latents
  ///   normalised channel by channel.
  init?(_ model: Model, of denoiser: Component) throws(DiffusionError) {
    let found = model.components.filter { component in
      component.graphs.contains { $0.name == "decoder" }
    }
    guard let component = found.first(where: { $0.role == denoiser.role }) ?? found.first,
      let graph = component.graphs.first(where: { $0.name == "decoder" })
    else { return nil }
    self.component = component
    self.graph = graph
    let settings = try SchedulerSettings(
      component.config ?? Array("{}".utf8), file: "\(component.name)/config.json")
    let isTiny = settings.raw("_class_name")?.string == "AutoencoderTiny"
    let largest = Double(Float.greatestFiniteMagnitude)
    scale = Float(
      try settings.double("scaling_factor", default: isTiny ? 1 : 0.18215, in: 1e-12...largest))
    shift = Float(try settings.double("shift_factor", default: 0, in: -largest...largest))
    try settings.refuse("latents_mean", supported: "null")
  }

  /// A function that decodes latents `[N, C, h, w]` of the denoiser's scale into images
  /// `[N, 3, H, W]` of −1 … 1, one at a time: decoder(x / scaling_factor + shift_factor).
  ///
  /// - Throws: what planning the graph throws; the function what running it throws.
  public func makeDecode() throws -> (Tensor) throws -> Tensor {
    let session = try Session(graph: graph, weights: component.weights)
    return { latents in
      let scaled = try Elementwise.map(latents) { $0 / scale + shift }
      let images = try session.runInOrder([
        scaled.converted(to: session.inputs[0].type.dtype ?? .float32)
      ])
      return try images[0].converted(to: .float32)
    }
  }
}
