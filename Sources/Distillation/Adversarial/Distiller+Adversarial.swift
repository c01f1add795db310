import Diffusion
import Tensors

extension Distiller {
  /// Adds λ times the adversarial term to the loss of the student's `estimate`, and lets the
  /// discriminator learn from it; nil without one.
  ///
  /// Real images are the training's data where there are any, each of its condition, else the
  /// teacher's targets.
  func compete(
    _ estimate: Tensor, _ target: Tensor, _ rows: [Int], _ given: [String: Tensor],
    _ loss: inout ReconstructionLoss, _ generator: inout TorchGenerator
  ) throws -> IterationReport.Adversarial? {
    guard let discriminator else { return nil }
    let draw = try discriminatorDraw(given, &generator)
    let real = try realImages(rows, &generator) ?? target
    let (value, gradient) = try discriminator.judge(estimate, draw)
    loss.gradient = try loss.gradient.sum(
      with: gradient.scaled(by: settings.adversarialWeight))
    let hinge = try discriminator.learn(
      fake: estimate, real: real, draw, rate: settings.rate(at: iteration), step: iteration + 1,
      group)
    let means = try group.average([value, hinge])
    return IterationReport.Adversarial(student: means[0], discriminator: means[1])
  }

  private func discriminatorDraw(
    _ given: [String: Tensor], _ generator: inout TorchGenerator
  ) throws -> DiscriminatorDraw {
    let last = Float(schedule.count - 1)
    let low = Int(settings.discriminatorLow * last), high = Int(settings.discriminatorHigh * last)
    let timestep = low + generator.integer(below: max(1, high - low + 1))
    let noise = (fake: try normals(&generator), real: try normals(&generator))
    return DiscriminatorDraw(timestep: timestep, noise: noise, conditions: given)
  }

  /// For each row of the conditions an image of it, drawn evenly; nil without data.
  private func realImages(_ rows: [Int], _ generator: inout TorchGenerator) throws -> Tensor? {
    guard let data else { return nil }
    let picked = rows.map { row -> Int in
      let images = imagesByRow[row] ?? []
      return images[generator.integer(below: images.count)]
    }
    guard rows.isEmpty else { return try data.rows(group.share(of: picked)) }
    let any = (0..<(settings.batch * group.count)).map { _ in
      generator.integer(below: data.shape[0])
    }
    return try data.rows(group.share(of: any))
  }
}
