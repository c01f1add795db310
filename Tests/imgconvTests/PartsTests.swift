import Foundation
import SafetensorsFormat
import Tensors
import TestSupport
import Testing

@Suite("Artifacts in parts", .enabled(if: CommandLine.isBuilt))
struct PartsTests {
  private let folder: TemporaryFolder
  private let artifact: String

  init() throws {
    folder = try TemporaryFolder()
    let weights = folder.path(of: "w.safetensors")
    let values = (0..<40_000).map { Float(($0 &* 7919) % 1009) * 1e-3 }
    try SafetensorsWriter.write(
      TensorSet([("a", try Tensor(values)), ("b", try Tensor(Array(values[..<10])))]), to: weights)
    artifact = folder.path(of: "model.imgc")
    #expect(try CommandLine.run("import", weights, "-o", artifact).status == 0)
  }

  private func bytes(_ path: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path))
  }

  private func flip(_ path: String, at offset: Int) throws {
    var data = try bytes(path)
    data[offset] ^= 1
    try data.write(to: URL(fileURLWithPath: path))
  }

  /// The blobs of a layout that are layers: the largest ones here.
  private func layers(_ layout: String) throws -> [String] {
    let blobs = "\(layout)/blobs/sha256"
    return try FileManager.default.contentsOfDirectory(atPath: blobs).map { "\(blobs)/\($0)" }
      .filter { try bytes($0).first != UInt8(ascii: "{") }.sorted()
  }

  @Test("parts with a list join to the same bytes")
  func list() throws {
    let parts = folder.path(of: "parts")
    let split = try CommandLine.run("export", artifact, "--split", "10kB", "-o", parts)
    #expect(split.status == 0, "\(split.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: parts)
    let count = (try bytes(artifact).count + 9_999) / 10_000
    #expect(names.count == count + 1)
    #expect(names.contains("model.imgc.part-0001") && names.contains("model.imgc.parts.json"))
    for (index, input) in [parts, "\(parts)/model.imgc.parts.json"].enumerated() {
      let back = folder.path(of: "back\(index).imgc")
      #expect(try CommandLine.run("join", input, "-o", back).status == 0)
      #expect(try bytes(back) == bytes(artifact))
    }
  }

  @Test("an OCI layout joins to the same bytes, of one layer or several", arguments: [nil, "20kB"])
  func layout(_ size: String?) throws {
    let layout = folder.path(of: "layout")
    let split = size.map { ["--split", $0] } ?? []
    #expect(
      try CommandLine.run(["export", artifact, "--format", "oci", "-o", layout] + split).status == 0
    )
    #expect(
      String(decoding: try bytes("\(layout)/oci-layout"), as: UTF8.self)
        == #"{"imageLayoutVersion":"1.0.0"}"#)
    #expect(
      try layers(layout).count == (size == nil ? 1 : (bytes(artifact).count + 19_999) / 20_000))
    let index = String(decoding: try bytes("\(layout)/index.json"), as: UTF8.self)
    #expect(index.contains(#""org.opencontainers.image.ref.name":"model.imgc""#), "\(index)")
    let back = folder.path(of: "back.imgc")
    #expect(try CommandLine.run("join", layout, "-o", back).status == 0)
    #expect(try bytes(back) == bytes(artifact))
  }

  @Test("a damaged, short or missing part is named, and nothing is written")
  func damage() throws {
    let parts = folder.path(of: "parts")
    #expect(try CommandLine.run("export", artifact, "--split", "10kB", "-o", parts).status == 0)
    let part = "\(parts)/model.imgc.part-0002"
    let sound = try bytes(part)
    let back = folder.path(of: "back.imgc")
    func refused(_ text: String) throws {
      let join = try CommandLine.run("join", parts, "-o", back)
      #expect(join.status == 2)
      #expect(join.errors.contains("part-0002") && join.errors.contains(text), "\(join.errors)")
      #expect(!FileManager.default.fileExists(atPath: back))
    }
    try flip(part, at: 77)
    try refused("sha256")
    try sound.dropLast().write(to: URL(fileURLWithPath: part))
    try refused("9999")
    try FileManager.default.removeItem(atPath: part)
    try refused("No such file")
  }

  @Test("every flipped bit of a list or of a layout's documents is refused or gives the same file")
  func flips() throws {
    let layout = folder.path(of: "layout")
    #expect(try CommandLine.run("export", artifact, "--format", "oci", "-o", layout).status == 0)
    let back = folder.path(of: "back.imgc")
    let size = try bytes("\(layout)/index.json").count
    for offset in stride(from: 0, to: size, by: 11) {
      try flip("\(layout)/index.json", at: offset)
      let join = try CommandLine.run("join", layout, "-o", back, "--force")
      if join.status == 0 {
        #expect(try bytes(back) == bytes(artifact))
      } else {
        #expect(join.status == 2, "\(join.errors)")
      }
      try flip("\(layout)/index.json", at: offset)
    }
  }

  @Test("names that lead out of the folder, and sizes that do not add up, are refused")
  func hostile() throws {
    let digest = String(repeating: "0", count: 64)
    func list(_ name: String, _ size: Int) -> String {
      #"{"format":"imgc-parts","version":1,"name":"m.imgc","size":5,"sha256":"\#(digest)","#
        + #""contentDigest":"\#(digest)","parts":[{"name":"\#(name)","size":\#(size),"#
        + #""sha256":"\#(digest)"}]}"#
    }
    for text in [list("../w.safetensors", 5), list("/etc/passwd", 5), list("p", 6), "{", "[]"] {
      let path = try folder.write("x.parts.json", Array(text.utf8))
      let join = try CommandLine.run("join", path, "-o", folder.path(of: "out.imgc"))
      #expect(join.status == 2, "\(text)")
    }
  }

  @Test("a folder with something in it is kept, unless it may be replaced")
  func occupied() throws {
    let parts = folder.path(of: "parts")
    try FileManager.default.createDirectory(atPath: parts, withIntermediateDirectories: false)
    try Data([1]).write(to: URL(fileURLWithPath: "\(parts)/mine"))
    let first = try CommandLine.run("export", artifact, "--split", "1MB", "-o", parts)
    #expect(first.status == 2)
    #expect(
      try CommandLine.run("export", artifact, "--split", "1MB", "-o", parts, "--force").status == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: parts).count == 3)
  }

  @Test("one tensor is exported alone, and its absence is told")
  func oneTensor() throws {
    let path = folder.path(of: "b.safetensors")
    #expect(try CommandLine.run("export", artifact, "--tensor", "b", "-o", path).status == 0)
    let file = try SafetensorsFile(path: path)
    #expect(file.tensors.map(\.name) == ["b"])
    #expect(try file.tensor(0).array(of: Float.self)[1] == Float(7919 % 1009) * 1e-3)
    let missing = try CommandLine.run("export", artifact, "--tensor", "c", "-o", path, "--force")
    #expect(missing.status == 2 && missing.errors.contains("no tensor is called c"))
  }

  @Test("sizes are told by component and type, and by tensor")
  func sizes() throws {
    let table = try CommandLine.run("inspect", artifact, "--sizes")
    #expect(table.status == 0 && table.output.contains("float32"), "\(table.output)")
    let json = try CommandLine.run("inspect", artifact, "--sizes", "--json")
    struct Document: Decodable {
      struct Tensor: Decodable { let storedBytes: Int }
      let fileSize: Int
      let otherBytes: Int
      let tensors: [Tensor]
    }
    let document = try JSONDecoder().decode(Document.self, from: Data(json.output.utf8))
    #expect(
      document.fileSize
        == document.otherBytes + document.tensors.reduce(0) { $0 + $1.storedBytes })
    #expect(document.fileSize == (try bytes(artifact).count))
  }
}
