import FileIO
import Foundation
import ONNXFormat
import Tensors
import Testing

@Suite("Files of external data")
struct ExternalDataTests {
  private func write(
    _ tensors: [WireBuilder], to folder: TemporaryFolder
  ) throws -> String {
    try folder.write("model.onnx", Proto.model(Proto.graph(initializers: tensors)).bytes)
  }

  @Test("a range of a file beneath the folder is read, with its checksum")
  func plain() throws {
    let folder = try TemporaryFolder()
    try folder.write("data/weights.bin", ExternalEntryTests.data)
    let tensor = Proto.externalTensor(
      "w",
      [
        ("location", "./data/weights.bin"), ("offset", "8"), ("length", "16"),
        ("checksum", "3B33F926F95579BD381F6BDD1BF1B898953A22C3"),
      ])
    let path = try write([tensor], to: folder)
    let weights = try #require(try ONNXReader.read(path: path).components.first?.weights)
    #expect(try weights.tensor(0).array(of: Float.self) == [2, 3, 4, 5])
    let files = try #require(weights as? ONNXWeights).files.map(\.path)
    #expect(files == [path, folder.path + "/data/weights.bin"])
  }

  @Test("129 a NUL byte in the location")
  func nul() throws {
    let folder = try TemporaryFolder()
    let path = try write([Proto.externalTensor("w", [("location", "a\0b")])], to: folder)
    expectRefusal(
      of: path,
      "offset 29: graph.initializer.external_data.value: expected no NUL byte in the text, "
        + "found one")
  }

  @Test("130 a symbolic link is refused unless it stays beneath the data root")
  func symbolicLink() throws {
    let folder = try TemporaryFolder()
    try folder.write("blobs/1", ExternalEntryTests.data)
    let path = try folder.write(
      "snapshot/model.onnx",
      Proto.model(holding: Proto.externalTensor("w", [("location", "weights.bin")])).bytes)
    let link = folder.path + "/snapshot/weights.bin"
    #expect(symlink("../blobs/1", link) == 0)
    expectRefusal(
      of: path, kind: .needsOption("--data-root"),
      ("offset 7: tensor w: external_data.location: expected no symbolic link, found "
        + "HERE/snapshot/weights.bin; give --data-root FOLDER to allow links that stay beneath it")
        .replacing("HERE", with: folder.path))
    try readAll(path, options: ONNXOptions(dataRoot: folder.path))
    expectRefusal(
      of: path, options: ONNXOptions(dataRoot: folder.path + "/snapshot"),
      kind: .needsOption("--data-root"),
      ("offset 7: tensor w: external_data.location: expected no symbolic link, found "
        + "HERE/snapshot/weights.bin; give --data-root FOLDER to allow links that stay beneath it")
        .replacing(
          "HERE", with: folder.path))
  }

  @Test("131 a symbolic link among the folders")
  func parentLink() throws {
    let folder = try TemporaryFolder()
    try folder.write("real/weights.bin", ExternalEntryTests.data)
    #expect(symlink("real", folder.path + "/linked") == 0)
    let path = try write(
      [Proto.externalTensor("w", [("location", "linked/weights.bin")])], to: folder)
    expectRefusal(
      of: path, kind: .needsOption("--data-root"),
      ("offset 7: tensor w: external_data.location: expected no symbolic link, found "
        + "HERE/linked; give --data-root FOLDER to allow links that stay beneath it").replacing(
          "HERE", with: folder.path))
    try readAll(path, options: ONNXOptions(dataRoot: folder.path))
  }

  @Test("132 a hard link is refused unless allowed")
  func hardLink() throws {
    let folder = try TemporaryFolder()
    let target = try folder.write("elsewhere.bin", ExternalEntryTests.data)
    #expect(link(target, folder.path + "/weights.bin") == 0)
    let path = try write(
      [Proto.externalTensor("w", [("location", "weights.bin")])], to: folder)
    expectRefusal(
      of: path, kind: .needsOption("--allow-hard-links"),
      "offset 7: tensor w: external_data.location: expected a file with one name, "
        + "found weights.bin with several; give --allow-hard-links to accept it")
    try readAll(path, options: ONNXOptions(allowsHardLinks: true))
  }

  @Test("135 a FIFO, a folder")
  func otherKinds() throws {
    let folder = try TemporaryFolder()
    #expect(mkfifo(folder.path + "/fifo", 0o600) == 0)
    try folder.write("folder/file", [])
    var path = try write([Proto.externalTensor("w", [("location", "fifo")])], to: folder)
    expectRefusal(
      of: path,
      ("offset 7: tensor w: external_data.location: HERE/fifo: expected a regular file, "
        + "found a FIFO").replacing("HERE", with: folder.path))
    path = try write([Proto.externalTensor("w", [("location", "folder")])], to: folder)
    expectRefusal(
      of: path,
      ("offset 7: tensor w: external_data.location: HERE/folder: expected a regular file, "
        + "found a directory").replacing("HERE", with: folder.path))
  }

  @Test("148 elements in the model and outside")
  func inlineAndExternal() throws {
    let folder = try TemporaryFolder()
    try folder.write("weights.bin", ExternalEntryTests.data)
    let tensor = Proto.externalTensor("w", [("location", "weights.bin")])
      .packedFloats(4, [1, 2, 3, 4])
    expectRefusal(
      of: try write([tensor], to: folder),
      "offset 7: tensor w: float_data: expected the elements in one place, "
        + "found them in the model and outside")
  }

  @Test("149 entries although the data is in the model")
  func unusedEntries() throws {
    let folder = try TemporaryFolder()
    let tensor = Proto.tensor("w", 1, [1]) {
      $0.packedFloats(4, [1]).messages(13, Proto.entries([("location", "weights.bin")]))
    }
    expectRefusal(
      of: try write([tensor], to: folder),
      "offset 7: tensor w: external_data: expected no entries with the data in the model, "
        + "found some")
  }

  @Test("a location of the data that is neither inside nor outside")
  func unknownLocation() throws {
    let folder = try TemporaryFolder()
    let tensor = Proto.tensor("w", 1, [1]) { $0.packedFloats(4, [1]).varint(14, 2) }
    expectRefusal(
      of: try write([tensor], to: folder),
      "offset 7: tensor w: data_location: expected 0 (model) or 1 (external), found 2")
  }

  @Test("151 overlapping ranges are refused unless allowed")
  func overlap() throws {
    let folder = try TemporaryFolder()
    try folder.write("weights.bin", ExternalEntryTests.data)
    let tensors = [
      Proto.externalTensor("first", [("location", "weights.bin"), ("offset", "0")]),
      Proto.externalTensor("second", [("location", "./weights.bin"), ("offset", "12")]),
    ]
    let path = try write(tensors, to: folder)
    expectRefusal(
      of: path, kind: .needsOption("--allow-overlap"),
      "offset 61: tensor second: external_data: expected a range of its own, "
        + "found one that overlaps that of tensor first; give --allow-overlap to accept it")
    try readAll(path, options: ONNXOptions(allowsOverlap: true))
  }

  @Test("152 the same rules hold in sparse tensors, attributes and functions")
  func hiddenPlaces() throws {
    let folder = try TemporaryFolder()
    let outside = [("location", "../weights.bin")]
    let sparse = WireBuilder().message(1, Proto.externalTensor("w", dims: [1], outside))
      .message(2, Proto.tensor("", 7, [1]) { $0.packedVarints(7, [0]) }).packedVarints(3, [4])
    let value = Proto.attribute("value", type: 4) {
      $0.message(5, Proto.externalTensor("t", dims: [1], outside))
    }
    let node = Proto.node("ConstantOfShape", ["x"], ["y"], attributes: [value])
    let function = Proto.function(
      "F",
      nodes: [
        Proto.node("ConstantOfShape", ["a"], ["b"], attributes: [value])
      ])
    let models = [
      Proto.model(Proto.graph(sparse: [sparse])), Proto.model(Proto.graph(nodes: [node])),
      GraphRuleTests.model(calling: "F", functions: [function]),
    ]
    for model in models {
      let path = try folder.write("model.onnx", model.bytes)
      #expect {
        try ONNXReader.read(path: path)
      } throws: { error in
        guard case .locationEscapes(_, found: "../weights.bin")? = error as? ONNXError else {
          return false
        }
        return true
      }
    }
  }

  @Test("133 a model named without a folder is in the current one")
  func emptyFolder() { #expect("model.onnx".parentFolder == ".") }

  @Test("136 a folder swapped for a link meanwhile never leads outside")
  func swapped() throws {
    let folder = try TemporaryFolder()
    let one = [UInt8](repeating: 1, count: 16)
    try folder.write("model/sub/weights.bin", one)
    try folder.write("outside/weights.bin", [UInt8](repeating: 2, count: 16))
    let path = try folder.write(
      "model/model.onnx",
      Proto.model(holding: Proto.externalTensor("w", [("location", "sub/weights.bin")])).bytes)
    let root = folder.path
    #expect(symlink("../outside", root + "/model/link") == 0)
    let swapper = Thread {
      while !Thread.current.isCancelled {
        rename(root + "/model/sub", root + "/model/kept")
        rename(root + "/model/link", root + "/model/sub")
        rename(root + "/model/sub", root + "/model/link")
        rename(root + "/model/kept", root + "/model/sub")
      }
    }
    swapper.start()
    defer { swapper.cancel() }
    for _ in 0..<500 {
      guard let weights = try? ONNXReader.read(path: path).components.first?.weights else {
        continue
      }
      #expect(try weights.tensor(0).packedBytes() == one)
    }
  }

  @Test("a checksum over several megabytes is verified")
  func longChecksum() throws {
    let folder = try TemporaryFolder()
    let data = (0..<2_500_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    try folder.write("weights.bin", data)
    let path = try write(
      [
        Proto.externalTensor(
          "w",
          [
            ("location", "weights.bin"), ("checksum", "c9ab226e100cf1bda97e5cedf152a4ab342bd4e0"),
          ])
      ], to: folder)
    try readAll(path)
  }

  @Test("a lone tensor file may not point elsewhere")
  func loneTensor() throws {
    let folder = try TemporaryFolder()
    try folder.write("weights.bin", ExternalEntryTests.data)
    let path = try folder.write(
      "input.pb", Proto.externalTensor("w", [("location", "weights.bin")]).bytes)
    #expect(throws: ONNXError.self) { try ONNXReader.tensor(pbPath: path) }
  }

  @Test("the data's file changing meanwhile is noticed")
  func changed() throws {
    let folder = try TemporaryFolder()
    let data = try folder.write("weights.bin", ExternalEntryTests.data)
    let path = try write(
      [Proto.externalTensor("w", [("location", "weights.bin")])], to: folder)
    let weights = try #require(try ONNXReader.read(path: path).components.first?.weights)
    try weights.checkUnchanged()
    #expect(truncate(data, 8) == 0)
    #expect(throws: ONNXError.self) { try weights.checkUnchanged() }
    #expect(throws: ONNXError.self) { try weights.tensor(0) }
  }
}
