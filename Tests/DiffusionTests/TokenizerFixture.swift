import Diffusion
import FileIO
import Foundation
import ModelGraph
import TestSupport

/// The small tokenizers of fixtures/tokenizers, and what transformers makes of some texts.
enum TokenizerFixture {
  /// A text with its tokens, plain and padded.
  struct Expectation: Sendable {
    var text: String
    var ids: [Int]
    var padded: [Int64]
    var mask: [Int64]?
  }

  /// The bytes of a fixture file.
  static func bytes(_ name: String) throws -> [UInt8] {
    let path = SharedMaterial.fixture("tokenizers/\(name)")
    return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// The files of the fixture folder `folder`, attached under `tokenizer/`.
  static func attached(_ folder: String) throws -> [AttachedFile] {
    let path = SharedMaterial.fixture("tokenizers/\(folder)")
    return try FileManager.default.contentsOfDirectory(atPath: path).sorted().map {
      AttachedFile(path: "tokenizer/\($0)", content: try bytes("\(folder)/\($0)"))
    }
  }

  /// What `expected.json` holds under `key`.
  static func expectations(_ key: String) throws -> [Expectation] {
    let document = try JSONParser().parse(bytes("expected.json"))
    return (document[key]?.elements ?? []).map { entry in
      func numbers(_ name: String) -> [Int]? { entry[name]?.elements?.compactMap(\.int) }
      return Expectation(
        text: entry["text"]?.string ?? "", ids: numbers("ids") ?? [],
        padded: (numbers("padded") ?? []).map(Int64.init),
        mask: numbers("mask")?.map(Int64.init))
    }
  }
}
