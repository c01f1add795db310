import Foundation
import ImgcFormat
import ModelGraph
import Tensors
import TestSupport
import Testing

@Suite("Reading ranges of several chunks")
struct ChunkRangeTests {
  private static let chunk = 4 << 20

  /// A tensor of four chunks and a bit, and the file that holds it.
  private func write(in folder: TemporaryFolder) throws -> (values: [Float], path: String) {
    let values = (0..<(Self.chunk + 1000)).map { Float(($0 &* 2_654_435_761) % 1_000_003) }
    let model = Model(components: [
      Component(name: "m", weights: TensorSet([("t", try Tensor(values))]))
    ])
    return (values, try SampleModels.write(model, in: folder, as: "m.imgc"))
  }

  @Test("a range gives the same bytes wherever it begins and ends")
  func ranges() throws {
    let folder = try TemporaryFolder()
    let (values, path) = try write(in: folder)
    let weights = try ImgcFile(path: path).model.components[0].weights
    let bytes = values.withUnsafeBytes { [UInt8]($0) }
    let size = Self.chunk
    for range in [
      0..<bytes.count, 0..<(2 * size), size..<(3 * size), size..<(4 * size), 5..<(2 * size),
      (size - 1)..<(3 * size + 1), (2 * size)..<bytes.count, (4 * size - 9)..<bytes.count,
    ] {
      var found = [UInt8](repeating: 0, count: range.count)
      try found.withUnsafeMutableBytes { try weights.read(0, at: range.lowerBound, into: $0) }
      #expect(found.elementsEqual(bytes[range]), "\(range)")
    }
  }

  @Test("a damaged chunk is named, wherever it stands in the range", arguments: 0..<4)
  func damage(chunk: Int) throws {
    let folder = try TemporaryFolder()
    let (values, path) = try write(in: folder)
    var content = try Data(contentsOf: URL(fileURLWithPath: path))
    // Chunks of equal size and like content follow one another; the last is tiny.
    content[content.count / 4 * chunk + content.count / 8] ^= 1
    try content.write(to: URL(fileURLWithPath: path))
    let weights = try ImgcFile(path: path).model.components[0].weights
    let error = #expect(throws: ImgcError.self) { try weights.tensor(0) }
    #expect("\(try #require(error))".contains("chunk \(chunk): xxh64: expected"))
    var part = [UInt8](repeating: 0, count: values.count * 4 - 1)
    #expect(throws: ImgcError.self) {
      try part.withUnsafeMutableBytes { try weights.read(0, at: 1, into: $0) }
    }
  }
}
