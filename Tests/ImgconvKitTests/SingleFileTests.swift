import FileIO
import Foundation
import ImgconvKit
import Operators
import SafetensorsFormat
import Tensors
import TestSupport
import Testing

/// Checkpoints in the original Stable Diffusion layout. `fixtures/single-file` tells which tensors
/// of the two layouts are the same, as diffusers' own conversion has it: every tensor of diffusers'
/// layout is filled with a number of its own.
@Suite struct SingleFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func document(_ kind: String) throws -> JSONValue {
    let path = SharedMaterial.fixture("single-file/\(kind).json")
    return try JSONParser().parse(Array(try Data(contentsOf: URL(fileURLWithPath: path))))
  }

  /// Writes the checkpoint that `document` describes, without tensors that `isLeftOut` names and
  /// with `extra` ones.
  private func write(
    _ document: JSONValue, extra: [String] = [],
    leaving isLeftOut: (String) -> Bool = { _ in false }
  ) throws -> String {
    var tensors: [(name: String, tensor: Tensor)] = []
    for member in document["tensors"]?.members ?? [] where !isLeftOut(member.name) {
      let parts = member.value.elements ?? []
      let shape = try Shape(checking: parts[0].elements?.compactMap(\.int) ?? [])
      let numbers = parts[1].elements?.compactMap(\.int) ?? [parts[1].int ?? 0]
      let run = shape.elementCount / numbers.count
      let values = numbers.flatMap { [Float](repeating: Float($0), count: run) }
      tensors.append((member.name, try Tensor(values, shape).converted(to: .float16)))
    }
    tensors += try extra.map { ($0, try Tensor([Float(0), 0], [2])) }
    let path = folder.path(of: "model.safetensors")
    try SafetensorsWriter.write(TensorSet(tensors), to: path, policy: .replacing)
    return path
  }

  @Test(
    "every tensor gets diffusers' name; fused products are taken apart", arguments: ["v2", "xl"])
  func names(_ kind: String) throws {
    let document = try document(kind)
    let model = try ModelLoader().load(path: write(document)).model
    let expected = document["expected"]?.members ?? []
    #expect(Set(model.components.map(\.name)) == Set(expected.map(\.name)))
    for component in model.components {
      var wanted = expected.first { $0.name == component.name }?.value.members ?? []
      for (index, info) in component.weights.tensors.enumerated() {
        let name = info.name.replacing("text_model.", with: "")
        let number = try #require(wanted.firstIndex { $0.name == name }, "\(name)")
        let tensor = try component.weights.tensor(index)
        let values = try tensor.converted(to: .float32).array(of: Float.self)
        #expect(values.first.map { Int($0) } == wanted[number].value.int, "\(name)")
        #expect(values.first == values.last, "\(name)")
        wanted.remove(at: number)
      }
      #expect(wanted.isEmpty, "\(component.name)")
      #expect(!component.graphs.isEmpty)
    }
    #expect(model.files.map(\.path).contains("scheduler/scheduler_config.json"))
    let notes = model.provenance.flatMap(\.notes).joined()
    #expect(notes.contains("3 tensors of training left out"), "\(notes)")
  }

  @Test func tensorsThatBelongNowhereAreNamed() throws {
    let document = try document("v2")
    let stray = try write(document, extra: ["control_model.zero_convs.0.weight"])
    let error = #expect(throws: JobError.self) { try ModelLoader().load(path: stray) }
    #expect("\(try #require(error))".contains("control_model.zero_convs.0.weight"))
    let lacking = try write(document) { $0.hasSuffix("input_blocks.1.0.in_layers.0.weight") }
    #expect(throws: (any Error).self) { try ModelLoader().load(path: lacking) }
  }

  @Test func aTransposedProjectionIsReadByRange() throws {
    let document = try document("xl")
    let path = try write(document) { $0.hasSuffix(".text_projection") }
    var file: [(name: String, tensor: Tensor)] = []
    let whole = try SafetensorsFile(path: path)
    for (index, info) in whole.tensors.enumerated() {
      file.append((info.name, try whole.tensor(index)))
    }
    let values = (0..<(128 * 128)).map { Float($0 % 1999) }
    file.append(("conditioner.embedders.1.model.text_projection", try Tensor(values, [128, 128])))
    try SafetensorsWriter.write(TensorSet(file), to: path, policy: .replacing)
    let model = try ModelLoader().load(path: path).model
    let encoder = try #require(model.components.first { $0.name == "text_encoder_2" })
    let index = try #require(encoder.weights.index(of: "text_projection.weight"))
    let transposed = try encoder.weights.tensor(index).array(of: Float.self)
    for place in stride(from: 0, to: values.count, by: 37) {
      #expect(transposed[place] == values[place % 128 * 128 + place / 128])
    }
    var bytes = [UInt8](repeating: 0, count: 5)
    try bytes.withUnsafeMutableBytes { try encoder.weights.read(index, at: 259, into: $0) }
    let all = transposed.withUnsafeBytes { Array($0) }
    #expect(bytes == Array(all[259..<264]))
  }
}
