import FileIO
import Foundation
import ImgcFormat
import ModelGraph
import Tensors
import TestSupport
import Testing

@Suite("A student as differences to another file")
struct TeacherFileTests {
  private let folder: TemporaryFolder
  private let student: [Float]

  init() throws {
    folder = try TemporaryFolder()
    var state: UInt64 = 3
    func next() -> Float {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(state >> 40) * 0x1p-24 - 0.5
    }
    let teacher = (0..<1_200_000).map { _ in (next() + next() + next()) * 0.05 }
    student = teacher.map { $0 + next() * 1e-4 }
    _ = try SampleModels.write(try model(teacher, .teacher), in: folder, as: "teacher.imgc")
  }

  private func model(_ values: [Float], _ role: Role) throws -> Model {
    Model(components: [
      Component(name: "unet", role: role, weights: TensorSet([("w", try Tensor(values))]))
    ])
  }

  @discardableResult
  private func write(_ name: String) throws -> String {
    let path = folder.path(of: name)
    let output = try OutputFile(path: path, policy: .replacing)
    _ = try ImgcWriter.write(
      try model(student, .student), to: output,
      deltaFrom: try ImgcFile(path: folder.path(of: "teacher.imgc")))
    try output.publish()
    return path
  }

  private func size(_ path: String) throws -> Int {
    try Data(contentsOf: URL(fileURLWithPath: path)).count
  }

  @Test("it is smaller, reads back, has the content of a plain file, and Python reads it")
  func roundTrip() throws {
    let path = try write("student.imgc")
    let plain = try SampleModels.write(try model(student, .student), in: folder, as: "plain.imgc")
    #expect(try size(path) < size(plain) * 8 / 10)
    let file = try ImgcFile(path: path)
    try file.verifyAll()
    #expect(file.teacher?.name == "teacher.imgc")
    #expect(file.contentDigest == (try ImgcFile(path: plain).contentDigest))
    #expect(try file.model.components[0].weights.tensor(0).array(of: Float.self) == student)
    try ReferenceReader.compare(path, isAccepted: true)
  }

  @Test("without the teacher, or with another of its name, it is not opened, and says why")
  func withoutTeacher() throws {
    let path = try write("student.imgc")
    let teacher = folder.path(of: "teacher.imgc")
    try FileManager.default.moveItem(atPath: teacher, toPath: folder.path(of: "elsewhere"))
    func refused(_ found: String) throws {
      let error = #expect(throws: ImgcError.self) { try ImgcFile(path: path) }
      #expect("\(try #require(error))".contains(found), "\(String(describing: error))")
      try ReferenceReader.compare(path, isAccepted: false)
    }
    try refused("found none")
    _ = try SampleModels.write(try model([1, 2], .teacher), in: folder, as: "teacher.imgc")
    try refused("with content")
  }

  @Test("a teacher that needs a teacher itself is refused, by the writer and by the reader")
  func chain() throws {
    let path = try write("student.imgc")
    let output = try OutputFile(path: folder.path(of: "third.imgc"))
    #expect(throws: ImgcError.self) {
      try ImgcWriter.write(
        try model(student, .student), to: output, deltaFrom: try ImgcFile(path: path))
    }
    try FileManager.default.removeItem(atPath: folder.path(of: "teacher.imgc"))
    try FileManager.default.copyItem(atPath: path, toPath: folder.path(of: "teacher.imgc"))
    #expect(throws: ImgcError.self) { try ImgcFile(path: path) }
    try ReferenceReader.compare(path, isAccepted: false)
  }

  @Test("a bit flipped in the teacher's chunk is found when the student is read")
  func damagedTeacher() throws {
    let path = try write("student.imgc")
    let teacher = URL(fileURLWithPath: folder.path(of: "teacher.imgc"))
    var bytes = try Data(contentsOf: teacher)
    bytes[5000] ^= 4
    try bytes.write(to: teacher)
    let file = try ImgcFile(path: path)
    #expect(throws: ImgcError.self) { try file.verifyAll() }
    try ReferenceReader.compare(path, isAccepted: false)
  }
}
