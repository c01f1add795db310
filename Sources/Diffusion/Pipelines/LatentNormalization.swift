import FileIO
import ModelGraph
import Tensors

/// How an autoencoder's latents are brought to the denoiser's scale, undone for decoding:
/// x / `scaling_factor` + `shift_factor`, or with `latents_mean` and `latents_std`
/// x · std / `scaling_factor` + mean, channel by channel (SDXL's fine-tunes).
struct LatentNormalization: Sendable {
  private let scale: Float
  private let shift: Float
  private let channels: [(mean: Float, deviation: Float)]

  /// Reads the configuration of an autoencoder.
  ///
  /// - Throws: `DiffusionError.key` for factors that are no numbers, or means and deviations of
  ///   different number.
  init(_ component: Component) throws(DiffusionError) {
    let settings = try SchedulerSettings(
      component.config ?? Array("{}".utf8), file: "\(component.name)/config.json")
    let isTiny = settings.raw("_class_name")?.string == "AutoencoderTiny"
    let largest = Double(Float.greatestFiniteMagnitude)
    scale = Float(
      try settings.double("scaling_factor", default: isTiny ? 1 : 0.18215, in: 1e-12...largest))
    shift = Float(try settings.double("shift_factor", default: 0, in: -largest...largest))
    let means = try settings.doubles("latents_mean", in: -largest...largest)
    let deviations = try settings.doubles("latents_std", in: -largest...largest)
    // diffusers uses both or neither.
    guard let means, let deviations else {
      channels = []
      return
    }
    guard means.count == deviations.count else {
      throw .key(
        file: settings.file, key: "latents_std", expected: "\(means.count) numbers",
        found: "\(deviations.count)")
    }
    channels = zip(means, deviations).map { (Float($0), Float($1)) }
  }

  /// `latents` `[N, C, h, w]`, float32, of the denoiser's scale as the decoder takes them.
  ///
  /// - Throws: `DiffusionError.shape` where there are not as many channels as means.
  func undone(_ latents: Tensor) throws -> Tensor {
    guard !channels.isEmpty else { return try Elementwise.map(latents) { $0 / scale + shift } }
    guard latents.shape.rank == 4, latents.shape[1] == channels.count else {
      throw DiffusionError.shape(
        name: "latents_mean", expected: latents.shape, found: try Shape(checking: [channels.count]))
    }
    let result = try Tensor(uninitialized: .float32, latents.shape)
    let target = result.mutablePointer(as: Float.self)
    let plane = latents.shape[2] * latents.shape[3]
    latents.withElements(of: Float.self) { source in
      for index in 0..<source.count {
        let channel = channels[index / plane % channels.count]
        target[index] = source[index] * channel.deviation / scale + channel.mean
      }
    }
    return result
  }
}
