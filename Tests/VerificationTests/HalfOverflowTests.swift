import ModelGraph
import Tensors
import Testing
import Verification

/// One sample of given inputs.
private struct OneSample: SampleSource {
  let firstNumber = 0
  let inputs: [String: Tensor]

  func samples(for graph: Graph, of component: Component) throws -> [[String: Tensor]] { [inputs] }
}

@Suite("Value 192: activations that overflow in fp16")
struct HalfOverflowTests {
  /// `y = (x · 300) · 300` in `dtype`: every weight fits fp16, the product of two does not.
  private func model(_ dtype: DType) throws -> Model {
    let code = AttributeValue.int(Int64(dtype.rawValue))
    let graph = Graph(
      name: "decoder", inputs: [ValueInfo(name: "x", type: TensorType(.float32, [.fixed(4)]))],
      outputs: [ValueInfo(name: "y", type: TensorType(.float32, [.fixed(4)]))],
      nodes: [
        Node("Cast", inputs: ["x"], outputs: ["half"], attributes: ["to": code]),
        Node("Cast", inputs: ["w"], outputs: ["factor"], attributes: ["to": code]),
        Node("Mul", inputs: ["half", "factor"], outputs: ["once"]),
        Node("Mul", inputs: ["once", "factor"], outputs: ["twice"]),
        Node("Cast", inputs: ["twice"], outputs: ["y"], attributes: ["to": .int(1)]),
      ], initializers: [Initializer(name: "w", dtype: .float32, shape: [1])])
    let weights = TensorSet([("w", try Tensor([300 as Float]))])
    return Model(components: [Component(name: "vae", graphs: [graph], weights: weights)])
  }

  @Test("verify fails and names the component and the output")
  func fails() throws {
    let samples = OneSample(inputs: ["x": try Tensor([0.1, 0.5, 0.7, 1] as [Float])])
    let found = try ModelVerifier(samples: samples)
      .measure(candidate: try model(.float16), reference: try model(.float32))
    let day = try #require(CalendarDay("2026-01-01"))
    let judgement = GatePolicy().judge(
      found.measurements, precisions: found.precisions, on: day)
    #expect(!judgement.passed)
    #expect(
      judgement.breaches.allSatisfy { $0.subject.component == "vae" && $0.subject.name == "y" })
    #expect(judgement.breaches.contains { $0.metric == .nonFinite && $0.found == 1 })
  }

  @Test("The same model in fp32 passes")
  func passes() throws {
    let samples = OneSample(inputs: ["x": try Tensor([0.1, 0.5, 0.7, 1] as [Float])])
    let found = try ModelVerifier(samples: samples)
      .measure(candidate: try model(.float32), reference: try model(.float32))
    let day = try #require(CalendarDay("2026-01-01"))
    #expect(
      GatePolicy().judge(found.measurements, precisions: found.precisions, on: day).passed)
  }
}
