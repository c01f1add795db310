import Diffusion
import ModelGraph
import Runtime
import Tensors

/// Tells real images from the student's by the frozen teacher's features of them, noised to a time
/// t_D (section 3 of arXiv 2405.05224 names a discriminator but not its build; ours follows
/// adversarial diffusion distillation in latent space, arXiv 2403.12015: heads on the teacher's own
/// features, noised inputs, hinge losses).
public final class Discriminator {
  /// The heads' weights by name, in a fixed order.
  let names: [String]
  /// The heads' weights as they stand.
  package private(set) var parameters: [Tensor]
  private var optimizer: AdamW
  private let ports: NetworkPorts
  private let schedule: NoiseSchedule
  private let settings: DistillationSettings
  /// By the heads' weights.
  private let headGradient: GradientSession
  /// By the noisy image.
  private let imageGradient: GradientSession

  /// A discriminator on `teacher` for images of shape `image`, batch included.
  ///
  /// - Parameter conditions: a row an image for each further input.
  /// - Throws: `DistillationError.graph`, what the gradient graphs and the sessions throw.
  public init(
    _ teacher: Graph, weights: any TensorSource, schedule: NoiseSchedule, image: Shape,
    conditions: [String: Tensor], settings: DistillationSettings
  ) throws {
    ports = try NetworkPorts(teacher)
    self.schedule = schedule
    self.settings = settings
    let shapes = try ports.shapes(image, conditions)
    let network = try DiscriminatorGraph(
      teacher, features: FeatureChoice.features(of: teacher, shapes: shapes))
    names = network.parameters.map(\.name)
    parameters = try Self.initialParameters(network, seed: settings.seed)
    optimizer = try AdamW(settings.optimizer, like: parameters)
    func session(_ variables: [String]) throws -> GradientSession {
      let gradient = try GradientGraph(
        network.graph, weights: weights, variables: variables, shapes: shapes)
      return try GradientSession(gradient, outputs: network.logits, weights: weights)
    }
    headGradient = try session(names)
    imageGradient = try session([ports.sample.name])
  }

  /// Weights from N(0, 2 / inputs) (He et al., arXiv 1502.01852), biases 0.
  private static func initialParameters(
    _ network: DiscriminatorGraph, seed: UInt64
  ) throws -> [Tensor] {
    var generator = TorchGenerator(seed: Distiller.seed(seed, -1))
    return try network.parameters.map { _, shape in
      guard shape.rank > 1 else { return try Tensor(zeros: .float32, shape) }
      let inputs = shape.elementCount(of: 1..<shape.rank)
      let deviation = (2 / Float(max(1, inputs))).squareRoot()
      return try generator.normals(shape).scaled(by: deviation)
    }
  }
}

/// What an iteration draws for the discriminator.
package struct DiscriminatorDraw {
  /// t_D.
  package let timestep: Int
  /// Noise for the student's images and for real ones.
  package let noise: (fake: Tensor, real: Tensor)
  /// The conditions of the images.
  package let conditions: [String: Tensor]

  /// A draw of these.
  package init(
    timestep: Int, noise: (fake: Tensor, real: Tensor), conditions: [String: Tensor]
  ) {
    self.timestep = timestep
    self.noise = noise
    self.conditions = conditions
  }
}

extension Discriminator {
  /// −D of the student's estimate, and its gradient with respect to the estimate.
  package func judge(
    _ estimate: Tensor, _ draw: DiscriminatorDraw
  ) throws -> (loss: Float, gradient: Tensor) {
    let noised = try schedule.noised(
      estimate, noise: draw.noise.fake, timestep: draw.timestep)
    let tape = try imageGradient.forward(inputs(noised, draw))
    let (loss, slopes) = try HingeLoss.evaluate(tape.outputs, HingeLoss.student)
    guard let slope = try imageGradient.backward(tape, slopes)[ports.sample.name] else {
      return (loss, try Tensor(zeros: .float32, estimate.shape))
    }
    return (loss, try slope.scaled(by: schedule.alpha(at: draw.timestep)))
  }

  /// One step of the heads towards telling `real` from `fake`; gives back the loss before it.
  ///
  /// - Parameter group: the processes whose gradients are averaged.
  ///
  package func learn(
    fake: Tensor, real: Tensor, _ draw: DiscriminatorDraw, rate: Float, step: Int,
    _ group: any ProcessGroup = SingleProcess()
  ) throws -> Float {
    let (fakeLoss, fakeGradients) = try gradients(
      fake, draw.noise.fake, draw, HingeLoss.fake)
    let (realLoss, realGradients) = try gradients(
      real, draw.noise.real, draw, HingeLoss.real)
    let sums = try zip(fakeGradients, realGradients).map { try $0.sum(with: $1) }
    try group.average(sums)
    parameters = try optimizer.step(
      parameters, sums, scale: 1, rate: rate * settings.discriminatorRateShare, step: step)
    return fakeLoss + realLoss
  }

  private func gradients(
    _ image: Tensor, _ noise: Tensor, _ draw: DiscriminatorDraw, _ term: HingeLoss.Term
  ) throws -> (Float, [Tensor]) {
    let noised = try schedule.noised(image, noise: noise, timestep: draw.timestep)
    let tape = try headGradient.forward(inputs(noised, draw))
    let (loss, slopes) = try HingeLoss.evaluate(tape.outputs, term)
    let found = try headGradient.backward(tape, slopes)
    return (
      loss,
      try zip(names, parameters).map { name, parameter in
        try found[name] ?? Tensor(zeros: .float32, parameter.shape)
      }
    )
  }

  private func inputs(_ image: Tensor, _ draw: DiscriminatorDraw) throws -> [String: Tensor] {
    var inputs = try ports.inputs(image, timestep: draw.timestep, draw.conditions)
    for (name, parameter) in zip(names, parameters) { inputs[name] = parameter }
    return inputs
  }
}

extension Discriminator {
  /// The heads' part of a training's state.
  package var state: OptimizedState {
    OptimizedState(
      names: names, parameters: parameters, means: optimizer.means, squares: optimizer.squares)
  }

  /// Goes on from `state`, which is like this discriminator's.
  package func restore(_ state: OptimizedState) {
    parameters = state.parameters
    optimizer = AdamW(settings.optimizer, means: state.means, squares: state.squares)
  }
}

extension Tensor {
  /// The elements' sums with those of `other`, of the same shape.
  func sum(with other: Tensor) throws -> Tensor {
    let result = try Tensor(uninitialized: .float32, shape)
    let (a, b) = (pointer(as: Float.self), other.pointer(as: Float.self))
    let target = result.mutablePointer(as: Float.self)
    for index in 0..<min(elementCount, other.elementCount) { target[index] = a[index] + b[index] }
    withExtendedLifetime((self, other)) {}
    return result
  }
}
