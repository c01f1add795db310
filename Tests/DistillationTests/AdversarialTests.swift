import Diffusion
import Distillation
import ModelGraph
import Tensors
import TestSupport
import Testing

@Suite struct AdversarialTests {
  @Test("a UNet's features are the last residual sums at each extent on the way down")
  func features() throws {
    let network = try DigitsNetwork()
    let features = try FeatureChoice.features(
      of: network.graph, shapes: DigitsNetwork.shapes(batch: 2))
    #expect(features.map(\.places) == [256, 64, 16])
    #expect(features.allSatisfy { $0.shape[0] == 2 && $0.channels >= 32 && !$0.isSequence })
  }

  @Test("a network of one extent gives the sums at a third and two thirds of its depth")
  func tokens() throws {
    var graph = Graph(name: "tokens")
    graph.inputs = [ValueInfo(name: "v0", type: TensorType(.float32, [2, 6, 8] as Shape))]
    graph.nodes = (0..<6).map {
      Node("Add", inputs: ["v\($0)", "v\($0)"], outputs: ["v\($0 + 1)"])
    }
    let features = try FeatureChoice.features(of: graph, shapes: [:])
    #expect(features.map(\.name) == ["v3", "v5"])
    #expect(features.allSatisfy { $0.isSequence && $0.channels == 8 && $0.places == 6 })
    graph.nodes = []
    #expect(throws: DistillationError.self) {
      try FeatureChoice.features(of: graph, shapes: [:])
    }
  }

  @Test("hinge losses and their slopes, each head counted alike")
  func hinge() throws {
    let logits = ["a": try Tensor([0.5, -2] as [Float]), "b": try Tensor([3] as [Float])]
    let real = try HingeLoss.evaluate(logits, HingeLoss.real)
    #expect(real.value == 0.875)
    #expect(real.gradients["a"]?.array(of: Float.self) == [-0.25, -0.25])
    #expect(real.gradients["b"]?.array(of: Float.self) == [0])
    let fake = try HingeLoss.evaluate(logits, HingeLoss.fake)
    #expect(fake.value == 2.375)
    #expect(fake.gradients["a"]?.array(of: Float.self) == [0.25, 0])
    let student = try HingeLoss.evaluate(logits, HingeLoss.student)
    #expect(student.value == -1.125)
  }

  @Test("the student's gradient agrees with differences of −D")
  func gradient() throws {
    let discriminator = try Self.discriminator(DistillationSettings())
    let image = try TorchGenerator.normals(seed: 3)
    let draw = try Self.draw()
    let (_, gradient) = try discriminator.judge(image, draw)
    let slopes = gradient.array(of: Float.self)
    let step: Float = 0.02
    let losses = try [step, -step].map { size in
      let moved = zip(image.array(of: Float.self), slopes).map { $0 + size * $1 * 10 }
      return try discriminator.judge(Tensor(moved, image.shape), draw).loss
    }
    let expected = slopes.reduce(0) { $0 + $1 * $1 } * 10
    let found = (losses[0] - losses[1]) / (2 * step)
    #expect(expected > 0)
    #expect(abs(found - expected) < 0.03 * expected, "\(found), expected \(expected)")
  }

  @Test("the heads learn to tell two sets of images apart, and go on from their state")
  func learns() throws {
    let discriminator = try Self.discriminator(DistillationSettings())
    let again = try Self.discriminator(DistillationSettings())
    let fake = try TorchGenerator.normals(seed: 3)
    let real = try Tensor(zeros: .float32, fake.shape)
    let losses = try (1...8).map { step in
      try discriminator.learn(fake: fake, real: real, Self.draw(), rate: 1e-3, step: step)
    }
    #expect(losses[7] < 0.7 * losses[0], "\(losses)")
    again.restore(discriminator.state)
    let next = try [discriminator, again].map {
      try $0.learn(fake: fake, real: real, Self.draw(), rate: 1e-3, step: 9)
    }
    #expect(next[0] == next[1])
    for (a, b) in zip(discriminator.parameters, again.parameters) {
      #expect(a.array(of: Float.self) == b.array(of: Float.self))
    }
  }

  private static func discriminator(_ settings: DistillationSettings) throws -> Discriminator {
    let network = try DigitsNetwork()
    return try Discriminator(
      network.graph, weights: network.weights, schedule: TrainingTests.schedule,
      image: [2, 1, 16, 16], conditions: ["class_labels": Tensor([3, 4] as [Int64])],
      settings: settings)
  }

  private static func draw() throws -> DiscriminatorDraw {
    DiscriminatorDraw(
      timestep: 200,
      noise: (try TorchGenerator.normals(seed: 1), try TorchGenerator.normals(seed: 2)),
      conditions: ["class_labels": try Tensor([3, 4] as [Int64])])
  }
}

extension TorchGenerator {
  /// Two images of noise.
  fileprivate static func normals(seed: UInt64) throws -> Tensor {
    var generator = TorchGenerator(seed: seed)
    return try generator.normals([2, 1, 16, 16])
  }
}
