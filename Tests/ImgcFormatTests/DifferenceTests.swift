import FileIO
import Foundation
import ImgcFormat
import ModelGraph
import Tensors
import TestSupport
import Testing

@Suite("A student beside its teacher")
struct DifferenceTests {
  private static let count = 1_200_000

  /// Weights spread like a layer's, and the same after a short training.
  private func weights() throws -> (teacher: [Float], student: [Float]) {
    var state: UInt64 = 3
    func next() -> Float {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(state >> 40) * 0x1p-24 - 0.5
    }
    let teacher = (0..<Self.count).map { _ in (next() + next() + next()) * 0.05 }
    return (teacher, teacher.map { $0 + next() * 1e-4 })
  }

  private func component(_ role: Role, _ values: [Float]) throws -> Component {
    Component(
      name: "unet", role: role,
      weights: TensorSet([("w", try Tensor(values)), ("b", try Tensor(Array(values[..<100])))]))
  }

  private func size(_ path: String) throws -> Int {
    try Data(contentsOf: URL(fileURLWithPath: path)).count
  }

  @Test("a student's weights at rest are stored as differences where that is smaller")
  func smaller() throws {
    let folder = try TemporaryFolder()
    let (teacher, student) = try weights()
    let models = [try component(.teacher, teacher), try component(.student, student)]
    let files = try models.enumerated().map { index, component in
      try ImgcFile(
        path: SampleModels.write(Model(components: [component]), in: folder, as: "\(index)"))
    }
    let both = Model(components: files.flatMap(\.model.components))
    let path = try SampleModels.write(both, in: folder, as: "both")
    let alone = try size(folder.path(of: "0"))
    // A change of 1e-4 in values of 0.05 leaves the highest bits alone: a fifth is saved at least.
    #expect(try size(path) < alone + alone * 8 / 10)
    let read = try ImgcFile(path: path)
    try read.verifyAll()
    #expect(try read.model.components[1].weights.tensor(0).array(of: Float.self) == student)
    let plain = try SampleModels.write(Model(components: models), in: folder, as: "plain")
    #expect(try ImgcFile(path: plain).contentDigest == read.contentDigest)
    #expect(try size(path) < size(plain))
  }

  @Test("parts of a difference are read across chunks")
  func parts() throws {
    let folder = try TemporaryFolder()
    let (teacher, student) = try weights()
    let files = try [(Role.teacher, teacher), (.student, student)].map { role, values in
      try ImgcFile(
        path: SampleModels.write(
          Model(components: [component(role, values)]), in: folder, as: role.rawValue))
    }
    let path = folder.path(of: "both")
    let output = try OutputFile(path: path)
    _ = try ImgcWriter.write(Model(components: files.flatMap(\.model.components)), to: output)
    try output.publish()
    let weights = try ImgcFile(path: path).model.components[1].weights
    var part = [Float](repeating: 0, count: 2000)
    let start = (4 << 20) / 4 - 1000
    try part.withUnsafeMutableBytes { try weights.read(0, at: start * 4, into: $0) }
    #expect(part == Array(student[start..<(start + 2000)]))
  }
}
