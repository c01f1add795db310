import Diffusion
import FileIO
import ModelGraph
import Runtime
import Tensors
import Testing

@Suite("The shape of noisy images")
struct SampleShapeTests {
  /// A denoiser whose graph leaves height and width open, with `config` as its configuration.
  private func model(config: String) throws -> GenerationModel {
    let dimensions: [Dimension] = [.symbol("N"), .fixed(3), .symbol("H"), .symbol("W")]
    var builder = GraphBuilder(name: "main")
    let sample = builder.input("sample", .float32, dimensions)
    builder.input("timestep", .float32, [])
    builder.output(sample, as: "out", .float32, dimensions)
    let component = Component(
      name: "unet", graphs: [builder.graph], weights: TensorSet([]), config: Array(config.utf8))
    let scheduler = AttachedFile(
      path: "scheduler/scheduler_config.json",
      content: Array(#"{"_class_name": "DDIMScheduler"}"#.utf8))
    return try GenerationModel(
      Model(components: [component], files: [scheduler]), denoiser: component,
      graph: builder.graph)
  }

  @Test(
    "the configuration's sample_size, one number or two, goes before what is taken without one",
    arguments: [
      (#"{"sample_size": 16}"#, [2, 3, 16, 16]), (#"{"sample_size": [8, 24]}"#, [2, 3, 8, 24]),
      (#"{"sample_size": null}"#, [2, 3, 64, 64]), ("{}", [2, 3, 64, 64]),
    ])
  func extents(config: String, expected: [Int]) throws {
    #expect(try model(config: config).sampleShape(count: 2, unstated: 64).dimensions == expected)
  }

  @Test(
    "a sample_size that makes no sense is refused, not replaced",
    arguments: ["0", "-8", "1048577", "\"large\"", "[8]", "[8, 8, 8]", "[8, \"x\"]", "1.5"])
  func nonsense(size: String) throws {
    let model = try model(config: #"{"sample_size": \#(size)}"#)
    #expect(throws: DiffusionError.self) { try model.sampleShape(count: 1, unstated: 64) }
    #expect(throws: DiffusionError.self) { try model.sampleShape(count: 1) }
  }

  @Test func theMessageNamesWhatStandsThere() throws {
    let model = try model(config: #"{"sample_size": [8, "x"]}"#)
    #expect {
      try model.sampleShape(count: 1)
    } throws: { "\($0)".contains("sample_size") && "\($0)".contains("an array of 2") }
  }

  @Test func withoutAnySizeOneIsAskedFor() throws {
    let model = try model(config: "{}")
    #expect {
      try model.sampleShape(count: 1)
    } throws: { "\($0)".contains("--size") }
  }
}
