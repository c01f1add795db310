import Tensors

/// A model that predicts noise, a clean image or a velocity from a noisy image.
public protocol Denoiser {
  /// The prediction for `sample`, of its shape.
  ///
  /// - Parameters:
  ///   - sample: the noisy image, float32.
  ///   - timestep: the training timestep, 0 ..< T; between whole numbers for some samplers.
  ///   - conditioning: what the image shall show.
  func predict(
    _ sample: Tensor, timestep: Float, conditioning: Conditioning
  ) throws -> Tensor
}

/// What an image shall show: the model's further inputs by name (`class_labels`,
/// `encoder_hidden_states`, `text_embeds`, `time_ids` …), each with one row an image or one row for
/// all.
public struct Conditioning: Sendable {
  /// The tensors by the names of the graph's inputs.
  public var inputs: [String: Tensor]

  /// A conditioning; none by default.
  public init(_ inputs: [String: Tensor] = [:]) { self.inputs = inputs }

  /// Class labels, one an image, as `class_labels`.
  ///
  /// - Throws: `TensorError.outOfMemory`.
  public init(classLabels: [Int]) throws(TensorError) {
    inputs = ["class_labels": try Tensor(classLabels.map { Int64($0) })]
  }
}
