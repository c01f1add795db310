import FileIO
import SafetensorsFormat
import Tensors
import TestSupport
import Testing

@Suite("Shard indexes")
struct ShardTests {
  private func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try SafetensorsWriter.write(
      TensorSet([("a", try Tensor([1, 2] as [Float]))]), to: folder.path(of: "1.safetensors"))
    try SafetensorsWriter.write(
      TensorSet([("b", try Tensor([3] as [Float]))]), to: folder.path(of: "2.safetensors"))
    return folder
  }

  private func index(_ map: String, total: Int = 12) -> [UInt8] {
    Array(#"{"metadata":{"total_size":\#(total)},"weight_map":\#(map)}"#.utf8)
  }

  @Test("tensors are read out of their shards")
  func whole() throws {
    let folder = try folder()
    let path = try folder.write(
      "m.index.json", index(#"{"a":"1.safetensors","b":"2.safetensors"}"#))
    let shards = try ShardedSafetensors(indexPath: path)
    #expect(shards.tensors.map(\.name) == ["a", "b"])
    #expect(try shards.tensor(1).array(of: Float.self) == [3])
  }

  static let broken: [(Int, String, Int, String)] = [
    (60, #"{"a":"1.safetensors","b":"3.safetensors"}"#, 12, "No such file"),
    (
      62, #"{"a":"1.safetensors","b":"2.safetensors","c":"2.safetensors"}"#, 12,
      "weight_map.c: expected the tensor in 2.safetensors, found no such tensor there"
    ),
    (
      63, #"{"a":"../1.safetensors","b":"2.safetensors"}"#, 12,
      "weight_map.a: expected a file name in the index's folder"
    ),
    (
      64, #"{"a":"1.safetensors","a":"1.safetensors","b":"2.safetensors"}"#, 12,
      "expected each name once"
    ),
    (
      65, #"{"a":"1.safetensors","b":"2.safetensors"}"#, 13,
      "metadata.total_size: expected 12, found 13"
    ),
  ]

  @Test("60, 62 to 65: what is missing, escapes, repeats or does not add up", arguments: broken)
  func refused(_ number: Int, _ map: String, _ total: Int, _ message: String) throws {
    let folder = try folder()
    let path = try folder.write("m.index.json", index(map, total: total))
    let error = #expect(throws: SafetensorsError.self) { try ShardedSafetensors(indexPath: path) }
    #expect("\(try #require(error))".contains(message), "\(number)")
  }

  @Test("61 a tensor in two shards")
  func twice() throws {
    let folder = try folder()
    try SafetensorsWriter.write(
      TensorSet([("a", try Tensor([9] as [Float])), ("b", try Tensor([3] as [Float]))]),
      to: folder.path(of: "3.safetensors"))
    let path = try folder.write(
      "m.index.json", index(#"{"a":"1.safetensors","b":"3.safetensors"}"#, total: 16))
    let error = #expect(throws: SafetensorsError.self) { try ShardedSafetensors(indexPath: path) }
    #expect("\(try #require(error))".contains("the tensor in one shard"))
  }
}
