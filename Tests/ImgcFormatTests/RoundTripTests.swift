import FileIO
import Foundation
import ImgcFormat
import ModelGraph
import Tensors
import TestSupport
import Testing

@Suite("Writing and reading back")
struct RoundTripTests {
  @Test("graphs, configurations, files, quantization and history come back as they were")
  func metadata() throws {
    let folder = try TemporaryFolder()
    let original = try SampleModels.rich()
    let file = try ImgcFile(path: try SampleModels.write(original, in: folder, as: "m.imgc"))
    let component = file.model.components[0]
    let wanted = original.components[0]
    #expect(component.name == "unet" && component.role == .student)
    #expect(component.config == wanted.config)
    #expect(component.metadata == wanted.metadata)
    #expect(component.quantization == wanted.quantization)
    #expect(file.model.files == original.files)
    #expect(file.model.provenance == original.provenance)
    #expect(same(component.graphs, wanted.graphs))
    try file.verifyAll()
  }

  /// Graphs compared through a second writing: the same bytes.
  private func same(_ left: [Graph], _ right: [Graph]) -> Bool {
    func bytes(_ graphs: [Graph]) -> Data? {
      guard let folder = try? TemporaryFolder(), let original = try? SampleModels.rich() else {
        return nil
      }
      var model = original
      model.components[0].graphs = graphs
      guard let path = try? SampleModels.write(model, in: folder, as: "g") else { return nil }
      return try? Data(contentsOf: URL(fileURLWithPath: path))
    }
    guard let first = bytes(left), let second = bytes(right) else { return false }
    return first == second
  }

  @Test("every element type comes back bit for bit, whole and in part", arguments: DType.allCases)
  func everyType(_ dtype: DType) throws {
    guard dtype != .string else { return }
    let folder = try TemporaryFolder()
    let count = 1000
    let byteCount = try #require(dtype.packedByteCount(elementCount: count))
    let bytes = (0..<byteCount).map { index in
      dtype == .bool ? UInt8(index % 2) : UInt8(truncatingIfNeeded: index &* 167 &+ index / 256)
    }
    let tensor = try bytes.withUnsafeBytes { try Tensor(unpacking: $0, dtype, [10, 100]) }
    let model = Model(components: [
      Component(name: "m", weights: TensorSet([("t", tensor)]))
    ])
    let file = try ImgcFile(path: try SampleModels.write(model, in: folder, as: "m.imgc"))
    let weights = file.model.components[0].weights
    #expect(weights.tensors[0].dtype == dtype)
    #expect(weights.tensors[0].shape == [10, 100])
    var found = [UInt8](repeating: 0, count: byteCount)
    try found.withUnsafeMutableBytes { try weights.read(0, at: 0, into: $0) }
    #expect(found == bytes)
    var part = [UInt8](repeating: 0, count: 17)
    try part.withUnsafeMutableBytes { try weights.read(0, at: 5, into: $0) }
    #expect(part == Array(bytes[5..<22]))
  }

  @Test("tensors of several chunks, read across their borders")
  func severalChunks() throws {
    let folder = try TemporaryFolder()
    let count = 2_500_000
    let values = (0..<count).map { Float($0 % 1013) * 0.001 }
    let model = Model(components: [
      Component(name: "m", weights: TensorSet([("t", try Tensor(values))]))
    ])
    let file = try ImgcFile(path: try SampleModels.write(model, in: folder, as: "m.imgc"))
    let weights = file.model.components[0].weights
    #expect(try weights.tensor(0).array(of: Float.self) == values)
    var part = [Float](repeating: 0, count: 1000)
    let start = (4 << 20) / 4 - 500
    try part.withUnsafeMutableBytes { try weights.read(0, at: start * 4, into: $0) }
    #expect(part == Array(values[start..<(start + 1000)]))
  }

  @Test("188 equal tensors are stored once")
  func tied() throws {
    let folder = try TemporaryFolder()
    let values = (0..<100_000).map { Float($0 &* 2_654_435_761 % 1_000_003) }
    func size(_ names: [String]) throws -> Int {
      let tensor = try Tensor(values)
      let model = Model(components: [
        Component(name: "m", weights: TensorSet(names.map { ($0, tensor) }))
      ])
      let path = try SampleModels.write(model, in: folder, as: names.joined())
      return try Data(contentsOf: URL(fileURLWithPath: path)).count
    }
    #expect(try size(["a", "b", "c"]) - size(["a"]) < 200)
  }

  @Test("the same model gives the same bytes, and its content digest leaves history out")
  func deterministic() throws {
    let folder = try TemporaryFolder()
    let first = try SampleModels.write(try SampleModels.rich(), in: folder, as: "1")
    let second = try SampleModels.write(try SampleModels.rich(), in: folder, as: "2")
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: first))
        == Data(contentsOf: URL(fileURLWithPath: second)))
    var other = try SampleModels.rich()
    other.provenance = []
    let third = try SampleModels.write(other, in: folder, as: "3")
    #expect(try ImgcFile(path: first).contentDigest == ImgcFile(path: third).contentDigest)
  }

  @Test(
    "the stock zstd accepts the file",
    .enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/zstd"), "needs zstd"))
  func stockZstd() throws {
    let folder = try TemporaryFolder()
    let path = try SampleModels.write(try SampleModels.rich(), in: folder, as: "m.imgc")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/zstd")
    process.arguments = ["-t", "-q", path]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }

  @Test("weights take at most 1% more than the order-0 entropy of their planes")
  func entropyBound() throws {
    let folder = try TemporaryFolder()
    var state: UInt64 = 1
    let values = (0..<1_000_000).map { _ -> Float in
      var sum: Float = 0
      for _ in 0..<12 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        sum += Float(state >> 40) * 0x1p-24
      }
      return (sum - 6) * 0.02
    }
    let model = Model(components: [
      Component(name: "m", weights: TensorSet([("t", try Tensor(values))]))
    ])
    let path = try SampleModels.write(model, in: folder, as: "m.imgc")
    let size = try Data(contentsOf: URL(fileURLWithPath: path)).count
    // The manifest and the frames' headers of this file take less than 1,500 bytes.
    #expect(Double(size - 1500) <= 1.01 * planeEntropy(values) / 8)
  }

  /// The sum over fp32's byte planes, sign moved to the lowest bit, of entropy times length, in bits.
  private func planeEntropy(_ values: [Float]) -> Double {
    (0..<4).reduce(0.0) { total, plane in
      var counts = [Int](repeating: 0, count: 256)
      for value in values {
        let bits = value.bitPattern
        let rotated = bits << 1 | bits >> 31
        counts[Int(rotated >> (8 * UInt32(plane)) & 0xFF)] += 1
      }
      return total
        + counts.reduce(0.0) { sum, count in
          count == 0
            ? sum : sum - Double(count) * log2(Double(count) / Double(values.count))
        }
    }
  }
}
