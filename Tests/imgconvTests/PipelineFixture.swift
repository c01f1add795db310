import FileIO
import Foundation
import SafetensorsFormat
import TestSupport
import Testing

/// The small pipelines of fixtures/pipelines, and what diffusers draws with them.
struct PipelineFixture {
  /// The pipeline's folder, with its tokenizers.
  let path: String
  private let golden: SafetensorsFile

  /// Puts the pipeline called `name` together in `folder`: tokenizers are kept apart from it.
  init(_ name: String, in folder: TemporaryFolder) throws {
    path = folder.path(of: name)
    let files = FileManager.default
    try files.copyItem(atPath: SharedMaterial.fixture("pipelines/\(name)"), toPath: path)
    let index = try JSONParser().parse(
      Array(try Data(contentsOf: URL(fileURLWithPath: path + "/model_index.json"))))
    for member in index.members ?? [] where member.name.hasPrefix("tokenizer") {
      let kind = member.value.elements?.last?.string == "T5Tokenizer" ? "t5" : "clip"
      try files.copyItem(
        atPath: SharedMaterial.fixture("tokenizers/\(kind)"), toPath: path + "/" + member.name)
    }
    golden = try SafetensorsFile(
      path: SharedMaterial.fixture("pipelines/\(name).golden.safetensors"))
  }

  /// The options with which `sample` makes the same images.
  func arguments() throws -> [String] {
    let text = try #require(golden.metadata["arguments"])
    return try JSONParser().parse(Array(text.utf8)).elements?.compactMap(\.string) ?? []
  }

  /// The images of diffusers.
  func images() throws -> [Float] { try Self.images(golden) }

  /// The images in the file that `sample --raw` wrote.
  static func images(_ file: SafetensorsFile) throws -> [Float] {
    let index = try #require(file.tensors.firstIndex { $0.name == "images" })
    return try file.tensor(index).array(of: Float.self)
  }
}
