import Architectures
import FileIO
import Foundation
import ModelGraph
import Runtime
import SafetensorsFormat
import Tensors
import TestSupport
import Testing

/// Small checkpoints of fixtures/architectures against PyTorch's outputs.
@Suite struct TransformerGoldenTests {
  /// The largest error over the output's range: what the issue demands, and ten times what fp32
  /// sums in another order give.
  static let tolerance: Float = 2e-5

  @Test(arguments: [
    "clip", "clip-projection-mask", "t5-mask", "t5-relu", "dit", "pixart", "sd35", "flux",
  ])
  func outputsAreThoseOfPyTorch(_ name: String) throws {
    let fixture = try ArchitectureFixture(name)
    let graph = try #require(try fixture.graphs().first)
    let golden = try SafetensorsFile(path: fixture.path("golden.safetensors"))
    var inputs: [String: Tensor] = [:]
    for (index, info) in golden.tensors.enumerated() where info.name.hasPrefix("input.") {
      inputs[String(info.name.dropFirst("input.".count))] = try golden.tensor(index)
    }
    let session = try Session(graph: graph.requiring(inputs.keys), weights: fixture.weights)
    let outputs = try session.run(inputs)
    var compared = 0
    for (index, info) in golden.tensors.enumerated() where info.name.hasPrefix("output.") {
      let found = try #require(outputs[String(info.name.dropFirst("output.".count))])
      #expect(found.shape == info.shape)
      let expected = try golden.tensor(index).array(of: Float.self)
      let range = (expected.max() ?? 0) - (expected.min() ?? 0)
      let error = zip(expected, found.array(of: Float.self)).map { abs($0 - $1) }.max() ?? 0
      #expect(error <= Self.tolerance * range, "\(info.name): \(error) of \(range)")
      compared += 1
    }
    #expect(compared > 0)
  }

  @Test(arguments: ["clip", "t5-relu", "dit", "pixart", "sd35", "flux"])
  func anUnknownKeyIsRefusedByName(_ name: String) throws {
    let fixture = try ArchitectureFixture(name)
    let changed = try fixture.setting("novel_key", to: "1")
    do {
      _ = try fixture.graphs(configuration: changed)
      Issue.record("novel_key was accepted")
    } catch {
      #expect("\(error)".contains("novel_key"))
    }
  }

  @Test(arguments: [
    ("clip", "hidden_act", #""tanh""#), ("clip", "num_attention_heads", "3"),
    ("t5-relu", "feed_forward_proj", #""gated-tanh""#), ("t5-relu", "is_decoder", "true"),
    ("dit", "norm_type", #""layer_norm""#), ("dit", "activation_fn", #""tanh""#),
    ("pixart", "attention_type", #""gated""#), ("pixart", "cross_attention_dim", "32"),
    ("sd35", "qk_norm", #""l2""#), ("sd35", "caption_projection_dim", "8"),
    ("flux", "axes_dims_rope", "[2, 2, 2]"), ("flux", "num_layers", "-1"),
  ])
  func aValueThatIsNotSupportedIsRefusedByKey(name: String, key: String, value: String) throws {
    let fixture = try ArchitectureFixture(name)
    let changed = try fixture.setting(key, to: value)
    do {
      _ = try fixture.graphs(configuration: changed)
      Issue.record("\(key) = \(value) was accepted")
    } catch {
      #expect("\(error)".contains(key), "\(error)")
    }
  }

  @Test(arguments: ["clip", "t5-relu", "dit", "pixart", "sd35", "flux"])
  func moreLayersThanTheCheckpointHasNameTheMissingTensors(_ name: String) throws {
    let fixture = try ArchitectureFixture(name)
    let key = name == "clip" ? "num_hidden_layers" : "num_layers"
    let changed = try fixture.setting(key, to: "4")
    do {
      _ = try fixture.graphs(configuration: changed)
      Issue.record("missing layers were accepted")
    } catch ArchitectureError.tensors(_, _, let problems) {
      #expect(problems.contains { $0.name.contains(".3.") && $0.found == "nothing" })
    }
  }

  @Test func theOlderClassNameStandsForDiTAndPixArt() throws {
    for name in ["dit", "pixart"] {
      let fixture = try ArchitectureFixture(name)
      let changed = try fixture.setting("_class_name", to: #""Transformer2DModel""#)
      let graphs = try fixture.graphs(configuration: changed)
      #expect(graphs[0].outputs.map(\.name) == ["out_sample"])
    }
  }
}

/// A checkpoint of fixtures/architectures.
struct ArchitectureFixture {
  private let name: String
  /// The checkpoint's tensors.
  let weights: SafetensorsFile

  init(_ name: String) throws {
    self.name = name
    let folder = SharedMaterial.fixture("architectures/\(name)")
    let files = ["model.safetensors", "diffusion_pytorch_model.safetensors"]
    let file = files.first { FileManager.default.fileExists(atPath: "\(folder)/\($0)") }
    weights = try SafetensorsFile(path: "\(folder)/\(file ?? files[0])")
  }

  /// The path of a file of the checkpoint.
  func path(_ file: String) -> String { SharedMaterial.fixture("architectures/\(name)/\(file)") }

  /// The configuration with `key` set to the JSON text `value`.
  func setting(_ key: String, to value: String) throws -> [UInt8] {
    var members = try JSONParser().parse(configuration()).members ?? []
    members.removeAll { $0.name == key }
    members.append(JSONMember(key, try JSONParser().parse(Array(value.utf8))))
    return JSONWriter.bytes(.object(members))
  }

  /// The configuration's bytes.
  func configuration() throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path("config.json"))))
  }

  /// The graphs of the checkpoint.
  func graphs(configuration: [UInt8]? = nil) throws -> [Graph] {
    let bytes = try configuration ?? self.configuration()
    return try ArchitectureRegistry.standard.graphs(
      configuration: bytes, file: "config.json", weights: weights, weightsFile: "weights")
  }
}
