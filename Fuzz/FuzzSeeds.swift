import CZstd
import FileIO
import Foundation
import ImgcFormat
import ModelGraph
import ONNXFormat
import SafetensorsFormat
import Tensors

/// What the targets start from: sound inputs of every form, written by the project's own writers.
enum FuzzSeeds {
  /// The seeds of the target `name`.
  static func inputs(of name: String) throws -> [FuzzInput] {
    switch name {
    case "safetensors-header":
      return try [safetensors()].map { file in
        let length = file[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        return Array(file[8..<(8 + length)])
      }
    case "safetensors": return try [safetensors()]
    case "wire", "onnx": return try [onnx(.asNeeded), onnx(.always)]
    case "external": return locations.map { Array($0.utf8) }
    case "container": return try [container(model()), container(Model(components: []))]
    case "frame": return contents.flatMap(frames)
    case "round-trip": return (0..<DType.allCases.count).map { [UInt8($0), 2] + contents[2] }
    case "quantize": return [[3] + noise(64), [0] + noise(33)]
    default: return []
    }
  }

  /// Writes the seeds of the target `name` into `folder`.
  static func write(_ name: String, into folder: String) throws {
    for (index, input) in try inputs(of: name).enumerated() {
      try Data(input).write(to: URL(fileURLWithPath: "\(folder)/seed-\(index)"))
    }
  }

  private static let locations = [
    "w", "sub/w", "./w", "sub/../w", "../outside", "link", "up/outside", "hard", "fifo",
    "/etc/passwd",
    "w\u{0}0\u{0}8", "sub/w\u{0}4096\u{0}8", "w\u{0}-1\u{0}99999999999999999999",
  ]

  private static let contents: [[UInt8]] = [
    [], [UInt8](repeating: 7, count: 3000),
    (0..<2048).map { UInt8(truncatingIfNeeded: $0 * $0 >> 4) },
    Array("the quick brown fox jumps over the lazy dog, ".utf8) + noise(500),
  ]

  /// The bytes of `count` fp32 numbers in -1 … 1, the same in every run.
  private static func noise(_ count: Int) -> [UInt8] {
    (0..<count).map { Float(sin(Double($0 * $0))) }.withUnsafeBytes { Array($0) }
  }

  /// Frames of `content` as the target takes them: fast, thorough, with a checksum.
  private static func frames(_ content: [UInt8]) -> [FuzzInput] {
    [(-5, 0), (3, 1), (19, 1)].map { level, checksum in
      let size = [UInt8(content.count & 0xFF), UInt8(content.count >> 8)]
      var frame = [UInt8](repeating: 0, count: ZSTD_compressBound(content.count))
      let context = ZSTD_createCCtx()
      defer { ZSTD_freeCCtx(context) }
      ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level))
      ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, Int32(checksum))
      let count = ZSTD_compress2(context, &frame, frame.count, content, content.count)
      return size + frame[..<count]
    }
  }
}

extension FuzzSeeds {
  /// A model with tensors of every type, attributes of every kind, a body, and an attached file.
  private static func model() throws -> Model {
    let weights = try DType.allCases.filter { $0 != .string }.map { dtype in
      let bytes = (0..<(dtype.packedByteCount(elementCount: 24) ?? 0)).map { UInt8($0 % 2) }
      let tensor = try bytes.withUnsafeBytes { try Tensor(unpacking: $0, dtype, [2, 3, 4]) }
      return ("weights.\(dtype.name)", tensor)
    }
    let small = try Tensor([1, 2, 3] as [Int64])
    let body = Graph(
      name: "body", inputs: [], outputs: [ValueInfo(name: "b", type: TensorType(.float32, nil))],
      nodes: [Node("Identity", inputs: ["x"], outputs: ["b"])], initializers: [])
    let attributes: [String: AttributeValue] = [
      "int": .int(-1), "float": .float(0.5), "text": .text("t"), "tensor": .tensor(small),
      "ints": .ints([1, 2]), "floats": .floats([1, 2]), "strings": .strings([[65], []]),
      "tensors": .tensors([small]), "then_branch": .graph(body), "graphs": .graphs([body]),
    ]
    let info = weights.map {
      Initializer(name: $0.0, dtype: $0.1.dtype, shape: $0.1.shape)
    }
    let graph = Graph(
      name: "main",
      inputs: [ValueInfo(name: "x", type: TensorType(.float32, [.symbol("n"), .fixed(4)]))],
      outputs: [ValueInfo(name: "y", type: TensorType(.float32, nil))],
      nodes: [
        Node("If", name: "if", inputs: ["c"], outputs: ["b2"], attributes: attributes),
        Node("Relu", inputs: ["x"], outputs: ["y"]),
      ], initializers: info + [Initializer(name: "c", inline: small)])
    var component = Component(
      name: "unet", weights: TensorSet(weights), config: Array(#"{"_class_name":"X"}"#.utf8))
    component.role = .student
    component.graphs = [graph]
    return Model(
      components: [component], files: [AttachedFile(path: "a/b.json", content: [123, 125])])
  }

  private static func safetensors() throws -> FuzzInput {
    let known = try model().components[0].weights
    let path = "\(FuzzFolder.path)/seed.safetensors"
    let set = TensorSet(
      try known.tensors.enumerated().filter { _, info in
        ![.complex64, .complex128].contains(info.dtype) && !info.dtype.isSubByte
      }.map { index, info in (info.name, try known.tensor(index)) })
    try SafetensorsWriter.write(set, to: path, metadata: ["format": "pt"], policy: .replacing)
    return try bytes(path)
  }

  private static func onnx(_ externalData: ONNXWriter.ExternalData) throws -> FuzzInput {
    let path = "\(FuzzFolder.path)/seed.onnx"
    _ = try ONNXWriter.write(
      model().components[0], to: path,
      options: ONNXWriter.Options(externalData: externalData, policy: .replacing))
    return try bytes(path)
  }

  /// A native file whose manifest lies in raw blocks, as its mutator leaves it.
  private static func container(_ model: Model) throws -> FuzzInput {
    let path = "\(FuzzFolder.path)/seed.imgc"
    let file = try OutputFile(path: path, policy: .replacing)
    _ = try ImgcWriter.write(model, to: file)
    try file.publish()
    let bytes = try bytes(path)
    let footer = bytes[(bytes.count - 72)...]
    let numbers = (0..<3).map { field in
      footer.dropFirst(8 * field).prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    let frame = Array(bytes[numbers[0]..<(numbers[0] + numbers[1])])
    var manifest = [UInt8](repeating: 0, count: numbers[2])
    _ = ZSTD_decompress(&manifest, manifest.count, frame, frame.count)
    return Repairs.container(chunks: Array(bytes[16..<numbers[0]]), manifest: manifest)
  }

  private static func bytes(_ path: String) throws -> FuzzInput {
    Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }
}
