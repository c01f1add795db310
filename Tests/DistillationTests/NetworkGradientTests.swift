import ModelGraph
import Operators
import Runtime
import Tensors
import TestSupport
import Testing

@Suite struct NetworkGradientTests {
  /// Central differences in fp64 along one direction of all 1.1 million parameters, step 2e-7.
  static let tolerance = 1e-6
  /// Roundings of fp32 through some sixty layers, of the gradient's largest element.
  static let singleTolerance = 2e-4

  @Test("the gradient of the digits network's loss agrees with finite differences in fp64")
  func wholeNetwork() throws {
    let network = try DigitsNetwork()
    let parameters = try network.parameters().mapValues { try $0.converted(to: .float64) }
    let session = try Self.session(network.inDouble(), parameters.keys.sorted())
    let inputs = try DigitsNetwork.inputs(batch: 1, as: .float64)
    let gradients = try Self.gradients(session, inputs, parameters)
    for seed in 1...2 {
      var moved: [[String: Tensor]] = [[:], [:]]
      var expected = 0.0
      for (order, name) in parameters.keys.sorted().enumerated() {
        guard let value = parameters[name] else { continue }
        let size = value.elementCount
        let direction = (0..<size).map { Self.spread($0, seed &* 1000 &+ order) }
        if let gradient = gradients[name] {
          expected += zip(gradient.array(of: Double.self), direction)
            .reduce(0) { $0 + $1.0 * $1.1 }
        }
        for (side, step) in [2e-7, -2e-7].enumerated() {
          moved[side][name] = try Tensor(
            zip(value.array(of: Double.self), direction).map { $0 + step * $1 }, value.shape)
        }
      }
      let losses = try moved.map { try Self.loss(session, inputs, $0) }
      let found = (losses[0] - losses[1]) / 4e-7
      let error = (found - expected).magnitude / found.magnitude
      print("gradient of the digits network: relative error \(error)")
      #expect(error < Self.tolerance)
    }
  }

  @Test("fp32 kernels and recomputed values give the gradient of fp64")
  func singlePrecision() throws {
    let network = try DigitsNetwork()
    let parameters = try network.parameters()
    let names = ["m.conv_in.weight", "m.mid_block.resnets.0.conv1.weight", "m.conv_out.weight"]
    let double = parameters.filter { names.contains($0.key) }
    let inputs = try DigitsNetwork.inputs(batch: 2, as: .float32)
    let plain = try Self.gradients(Self.session(network, names, batch: 2), inputs, double)
    let segmented = try Self.gradients(
      Self.session(network, names, batch: 2, .segments(6)), inputs, double)
    let exact = try Self.gradients(
      Self.session(network.inDouble(), names, batch: 2),
      DigitsNetwork.inputs(batch: 2, as: .float64),
      double.mapValues { try $0.converted(to: .float64) })
    for name in names {
      let reference = exact[name]?.array(of: Double.self) ?? []
      let largest = reference.map(\.magnitude).max() ?? 0
      // Recomputed values come out of other fusions than kept ones, so bits may differ.
      for gradient in [plain[name], segmented[name]] {
        let found = gradient?.array(of: Float.self) ?? []
        #expect(found.count == reference.count, "\(name)")
        let worst = zip(found, reference).map { (Double($0) - $1).magnitude }.max() ?? 1
        #expect(worst <= Self.singleTolerance * largest, "\(name): \(worst) of \(largest)")
      }
    }
  }

  private static func session(
    _ network: DigitsNetwork, _ names: [String], batch: Int = 1,
    _ checkpointing: GradientGraph.Checkpointing = .none
  ) throws -> GradientSession {
    let gradient = try GradientGraph(
      network.graph, weights: network.weights, variables: names,
      shapes: DigitsNetwork.shapes(batch: batch),
      checkpointing: checkpointing)
    return try GradientSession(gradient, outputs: ["out_sample"], weights: network.weights)
  }

  /// The loss: half the mean of the output's squares.
  private static func loss(
    _ session: GradientSession, _ inputs: [String: Tensor], _ parameters: [String: Tensor]
  ) throws -> Double {
    let tape = try session.forward(inputs.merging(parameters) { own, _ in own })
    let output = tape.outputs["out_sample"]?.array(of: Double.self) ?? []
    return output.reduce(0) { $0 + $1 * $1 } / Double(2 * output.count)
  }

  private static func gradients(
    _ session: GradientSession, _ inputs: [String: Tensor], _ parameters: [String: Tensor]
  ) throws -> [String: Tensor] {
    let tape = try session.forward(inputs.merging(parameters) { own, _ in own })
    guard let output = tape.outputs["out_sample"] else { return [:] }
    let wide = try output.converted(to: .float64).array(of: Double.self)
    let seed = try Tensor(wide.map { $0 / Double(wide.count) }, output.shape)
    return try session.backward(tape, ["out_sample": seed.converted(to: output.dtype)])
  }

  private static func spread(_ index: Int, _ seed: Int) -> Double {
    var state = UInt64(truncatingIfNeeded: index &* 7919 &+ seed &* 104_729 &+ 1)
    state = (state ^ (state >> 31)) &* 0x7fb5_d329_728e_a185
    state = (state ^ (state >> 27)) &* 0x81da_def4_bc2d_d44d
    return Double(state >> 11) / Double(1 << 52) - 1
  }
}
