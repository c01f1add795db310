import ModelGraph
import Runtime
import Tensors
import Testing

/// An input that is only cast may be given in another type.
@Suite struct CastInputTests {
  private func session(adds: Bool) throws -> Session {
    var builder = GraphBuilder(name: "graph")
    let input = builder.input("timestep", .int64, [.symbol("batch")])
    let real = builder.add("Cast", [input], ["to": .int(Int64(DType.float32.rawValue))])
    builder.output(real, as: "real", .float32, nil)
    if adds { builder.output(builder.add("Add", [input, input]), as: "twice", .int64, nil) }
    return try Session(graph: builder.graph, weights: TensorSet([]))
  }

  @Test func aFractionalTimestepReachesTheCast() throws {
    let result = try session(adds: false).run(["timestep": try Tensor([946.5 as Float])])
    #expect(result["real"]?.array(of: Float.self) == [946.5])
  }

  @Test func anotherUseKeepsTheDeclaredType() throws {
    #expect(throws: RuntimeError.self) {
      try session(adds: true).run(["timestep": try Tensor([946.5 as Float])])
    }
  }

  @Test func booleansAreNoNumbers() throws {
    #expect(throws: RuntimeError.self) {
      try session(adds: false).run(["timestep": try Tensor([true])])
    }
  }
}
