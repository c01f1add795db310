import FileIO
import Foundation
import GGUFFormat
import Tensors
import TestSupport
import Testing

@Suite("GGUF files")
struct GGUFTests {
  private func write(
    _ tensors: [(name: String, tensor: Tensor)], _ precision: GGUFWriter.Precision = .q80
  ) throws -> (bytes: [UInt8], counts: [GGUFType: Int]) {
    let folder = try TemporaryFolder()
    let path = folder.path(of: "out.gguf")
    let source = TensorSet(tensors)
    let options = GGUFWriter.Options(
      precision: precision, metadata: [("general.architecture", "é")])
    let counts = try GGUFWriter.write(source, to: path, options: options) {
      try source.tensor($0)
    }
    return (Array(try Data(contentsOf: URL(fileURLWithPath: path))), counts)
  }

  @Test("The header: magic, version, counts, alignment, texts, tensors with axes innermost first")
  func header() throws {
    let ramp = (0..<64).map { Float($0) }
    let (bytes, counts) = try write([
      ("w", try Tensor(ramp, [2, 32])), ("b", try Tensor([1, 2] as [Float])),
      ("n", try Tensor([7, 8] as [Int64])),
    ])
    #expect(counts == [.q80: 1, .float32: 1, .int64: 1])
    var expected = ByteBuilder()
    expected.append(contentsOf: Array("GGUF".utf8))
    expected.append(UInt32(3))
    expected.append(UInt64(3))
    expected.append(UInt64(2))
    func text(_ text: String) {
      expected.append(UInt64(text.utf8.count))
      expected.append(contentsOf: Array(text.utf8))
    }
    text("general.alignment")
    expected.append(UInt32(4))
    expected.append(UInt32(32))
    text("general.architecture")
    expected.append(UInt32(8))
    text("é")
    text("w")
    expected.append(UInt32(2))
    expected.append(UInt64(32))
    expected.append(UInt64(2))
    expected.append(UInt32(8))
    expected.append(UInt64(0))
    text("b")
    expected.append(UInt32(1))
    expected.append(UInt64(2))
    expected.append(UInt32(0))
    expected.append(UInt64(96))
    text("n")
    expected.append(UInt32(1))
    expected.append(UInt64(2))
    expected.append(UInt32(27))
    expected.append(UInt64(128))
    #expect(Array(bytes.prefix(expected.bytes.count)) == expected.bytes)
    let start = (expected.bytes.count + 31) / 32 * 32
    #expect(bytes.count == start + 160)
    #expect(bytes[(start + 128)..<(start + 136)].elementsEqual([7, 0, 0, 0, 0, 0, 0, 0]))
  }

  @Test("Q8_0: d = max |x| / 127 in fp16, q = round(x / d) with halves away from zero")
  func blocks() throws {
    var elements = [Float](repeating: 0, count: 64)
    elements[0] = -127
    elements[1] = 2.5
    elements[2] = -2.5
    let (bytes, _) = try write([("w", try Tensor(elements, [2, 32]))])
    let blocks = Array(bytes.suffix(96).prefix(68))
    #expect(Array(blocks[0..<5]) == [0x00, 0x3C, 0x81, 3, 0xFD])
    #expect(blocks[34...].allSatisfy { $0 == 0 })
  }

  @Test("A last axis that is no multiple of 32 becomes fp16, as all do when asked")
  func half() throws {
    let kernel = try Tensor([Float](repeating: 1, count: 36), [2, 2, 3, 3])
    #expect(try write([("k", kernel)]).counts == [.float16: 1])
    let matrix = try Tensor([Float](repeating: 1, count: 64), [2, 32])
    let (bytes, counts) = try write([("w", matrix)], .f16)
    #expect(counts == [.float16: 1])
    #expect(bytes.suffix(128).chunked == [0x3C00])
  }

  @Test(
    "What GGUF cannot hold is refused by tensor",
    arguments: [
      ("rank", "tensor t: shape: expected at most 4 axes"),
      ("bool", "tensor t: dtype: expected a type that GGUF has, found bool"),
      ("empty", "tensor t: shape: expected elements, found none"),
      ("twice", "tensor t: name: expected each once"),
      ("long", "name: expected 1 to 127 bytes, found 128"),
    ])
  func refused(_ example: (kind: String, message: String)) throws {
    let one = try Tensor([1 as Float])
    let tensors: [(name: String, tensor: Tensor)] =
      switch example.kind {
      case "rank": [("t", one.reshaped([1, 1, 1, 1, 1]))]
      case "bool": [("t", try Tensor([true]))]
      case "empty": [("t", try Tensor([] as [Float]))]
      case "twice": [("t", one), ("t", one)]
      default: [(String(repeating: "n", count: 128), one)]
      }
    #expect {
      try write(tensors)
    } throws: { error in
      "\(error)".contains(example.message)
    }
  }
}

extension ArraySlice<UInt8> {
  /// The different 16-bit numbers in it.
  fileprivate var chunked: Set<UInt16> {
    Set(
      stride(from: startIndex, to: endIndex, by: 2).map {
        UInt16(self[$0]) | UInt16(self[$0 + 1]) << 8
      })
  }
}
