import FileIO
import Foundation
import ImgcFormat
import ModelGraph
import Tensors
import TestSupport
import Testing

@Suite("Damaged files")
struct DamageTests {
  private func intact(_ folder: TemporaryFolder) throws -> [UInt8] {
    let path = try SampleModels.write(try SampleModels.rich(), in: folder, as: "intact")
    return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  private func readAll(_ path: String) throws { try ImgcFile(path: path).verifyAll() }

  @Test("156 every single flipped bit is found, and the section or tensor named")
  func flips() throws {
    let folder = try TemporaryFolder()
    let bytes = try intact(folder)
    let sections = ["header", "footer", "manifest", "tensor ", "config", "file "]
    for index in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[index] ^= 1 << UInt8(bit)
        let path = try folder.write("damaged", damaged)
        let error = #expect(throws: ImgcError.self, "byte \(index), bit \(bit)") {
          try readAll(path)
        }
        let text = error.map { "\($0)" } ?? ""
        #expect(sections.contains { text.contains($0) }, "byte \(index), bit \(bit): \(text)")
      }
    }
  }

  @Test("157 a file cut off anywhere is refused, and 158 so are bytes behind it")
  func truncations() throws {
    let folder = try TemporaryFolder()
    let bytes = try intact(folder)
    for count in 0..<bytes.count {
      let path = try folder.write("damaged", Array(bytes[..<count]))
      #expect(throws: ImgcError.self, "\(count) bytes") { try readAll(path) }
    }
    for tail: [UInt8] in [[0], Array("PK".utf8), [0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0]] {
      let path = try folder.write("damaged", bytes + tail)
      #expect(throws: ImgcError.self) { try readAll(path) }
    }
  }

  @Test(
    "155 another version or an unknown flag is refused by name",
    arguments: [
      (12, 1, "version: expected 2"), (12, 3, "version: expected 2"), (14, 1, "flags: expected 0"),
    ])
  func version(offset: Int, value: UInt8, expected: String) throws {
    let folder = try TemporaryFolder()
    var bytes = try intact(folder)
    bytes[offset] = value
    let path = try folder.write("damaged", bytes)
    let error = #expect(throws: ImgcError.self) { try readAll(path) }
    #expect("\(try #require(error))".contains("header: \(expected), found \(value)"))
  }

  static let scales: [(Int, Float)] = [(170, .nan), (170, .infinity), (170, 0), (170, -1)]

  @Test("170 a scale that is NaN, infinite, zero or negative", arguments: scales)
  func scale(_ number: Int, _ value: Float) throws {
    let folder = try TemporaryFolder()
    let path = try SampleModels.write(
      quantized(scale: try Tensor([1, value] as [Float])), in: folder, as: "m")
    let error = #expect(throws: ImgcError.self) { try readAll(path) }
    #expect("\(try #require(error))".contains("tensor q.scale: element 1"))
  }

  @Test("171 scales that are not one a channel, and 172 an axis beyond the rank")
  func layout() throws {
    let folder = try TemporaryFolder()
    let three = try SampleModels.write(
      quantized(scale: try Tensor([1, 1, 1] as [Float])), in: folder, as: "three")
    var error = #expect(throws: ImgcError.self) { try readAll(three) }
    #expect("\(try #require(error))".contains("quantization.q.scale: expected"))
    let axis = try SampleModels.write(
      quantized(scale: try Tensor([1, 1] as [Float]), axis: 2), in: folder, as: "axis")
    error = #expect(throws: ImgcError.self) { try readAll(axis) }
    #expect("\(try #require(error))".contains("expected an axis below 2"))
  }

  @Test("174 -128 in a symmetric tensor")
  func symmetric() throws {
    let folder = try TemporaryFolder()
    let path = try SampleModels.write(
      quantized(scale: try Tensor([1, 1] as [Float]), values: [1, 2, 3, -128]), in: folder,
      as: "m")
    let error = #expect(throws: ImgcError.self) { try readAll(path) }
    #expect(
      "\(try #require(error))".contains("tensor q: element 3: expected -127 to 127, found -128"))
  }

  @Test("174 -128 behind the first chunk of a symmetric tensor")
  func symmetricSecondChunk() throws {
    let folder = try TemporaryFolder()
    var values = [Int8](repeating: 1, count: 5 << 20)
    values[4_500_000] = -128
    let path = try SampleModels.write(
      quantized(scale: try Tensor([1, 1] as [Float]), values: values), in: folder, as: "m")
    let error = #expect(throws: ImgcError.self) { try readAll(path) }
    #expect("\(try #require(error))".contains("tensor q: element 4500000: expected -127 to 127"))
  }

  @Test("173 a zero point of a wider type, which could lie outside the values' range")
  func zeroPoint() throws {
    let folder = try TemporaryFolder()
    let path = try SampleModels.write(
      quantized(
        scale: try Tensor([1, 1] as [Float]), zeroPoint: try Tensor([0, 300] as [Int32])),
      in: folder, as: "m")
    let error = #expect(throws: ImgcError.self) { try readAll(path) }
    #expect(
      "\(try #require(error))".contains("q.zeroPoint: expected int8 [2], found int32 [2]"))
  }

  private func quantized(
    scale: Tensor, axis: Int = 0, values: [Int8] = [1, 2, 3, 4], zeroPoint: Tensor? = nil
  ) throws -> Model {
    var tensors = [("q", try Tensor(values, [2, values.count / 2])), ("q.scale", scale)]
    if let zeroPoint { tensors.append(("q.zero", zeroPoint)) }
    var component = Component(name: "m", weights: TensorSet(tensors))
    component.quantization = [
      "q": TensorQuantization(
        originalType: .float32, granularity: .channel(axis: axis), scale: "q.scale",
        zeroPoint: zeroPoint == nil ? nil : "q.zero", isSymmetric: zeroPoint == nil)
    ]
    return Model(components: [component])
  }
}
