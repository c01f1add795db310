import FileIO
import Foundation
import ONNXFormat
import SafetensorsFormat
import Tensors

/// A folder for one process's files.
enum FuzzFolder {
  static let path: String = {
    let parent = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : "/tmp"
    let path = "\(parent)/imgconv-fuzz-\(getpid())"
    mkdir(path, 0o700)
    return path
  }()

  /// Writes `bytes` to the file `name`.
  static func write(_ name: String, _ bytes: [UInt8]) -> String {
    let file = "\(path)/\(name)"
    let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(descriptor) }
    _ = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
    return file
  }
}

/// Readers of foreign formats, over whole files.
enum FormatTargets {
  /// The input is a header's JSON; its length and enough data are put around it.
  static func safetensorsHeader(_ input: FuzzInput) throws {
    let length = withUnsafeBytes(of: UInt64(input.count).littleEndian) { Array($0) }
    try safetensors(length + input + [UInt8](repeating: 0, count: 64))
    try safetensors(length + input)
  }

  static func safetensors(_ input: FuzzInput) throws {
    try readAll(SafetensorsFile(path: FuzzFolder.write("in.safetensors", input)))
  }

  static func onnx(_ input: FuzzInput) throws {
    let model = try ONNXReader.read(path: FuzzFolder.write("in.onnx", input))
    for component in model.components {
      for graph in component.graphs { try graph.validate() }
      try readAll(component.weights)
    }
  }

  /// Reads every tensor, whole and in parts, which must agree.
  static func readAll(_ source: any TensorSource) throws {
    for (index, info) in source.tensors.enumerated() where info.byteCount <= 1 << 20 {
      var whole = [UInt8](repeating: 0, count: info.byteCount)
      try whole.withUnsafeMutableBytes { try source.read(index, at: 0, into: $0) }
      let half = info.byteCount / 2
      var part = [UInt8](repeating: 0, count: info.byteCount - half)
      try part.withUnsafeMutableBytes { try source.read(index, at: half, into: $0) }
      guard part.elementsEqual(whole[half...]) else {
        throw FuzzFailure(text: "\(info.name): a part differs from the whole")
      }
    }
  }
}

/// The resolver of external data over a real tree: nothing outside the model's folder is read.
enum ExternalTarget {
  private static let secret = [UInt8]("secret!!".utf8)

  private static let folder: String = {
    let root = FuzzFolder.path
    _ = FuzzFolder.write("outside", secret)
    for name in ["model", "model/sub", "model-sibling"] { mkdir("\(root)/\(name)", 0o700) }
    for name in ["model/w", "model/sub/w"] {
      _ = FuzzFolder.write(name, [UInt8]("allowed!".utf8))
    }
    _ = FuzzFolder.write("model-sibling/w", secret)
    symlink("../outside", "\(root)/model/link")
    symlink("..", "\(root)/model/up")
    link("\(root)/outside", "\(root)/model/hard")
    mkfifo("\(root)/model/fifo", 0o600)
    return "\(root)/model"
  }()

  /// The input is the location, and behind a NUL the offset and the length as text.
  static func run(_ input: FuzzInput) throws {
    let parts = input.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
    var entries = entry("location", Array(parts.first ?? []))
    if parts.count > 1 { entries += entry("offset", Array(parts[1])) }
    if parts.count > 2 { entries += entry("length", Array(parts[2])) }
    // TensorProto: dims 8, UINT8, name w, EXTERNAL.
    let tensor: [UInt8] = [0x08, 8, 0x10, 2] + field(8, Array("w".utf8)) + entries + [0x70, 1]
    let graph = field(2, Array("g".utf8)) + field(5, tensor)
    let model: [UInt8] = [0x08, 8] + field(7, graph) + field(8, [0x10, 17])
    let name = FuzzFolder.write("model/in.onnx", model)
    _ = folder
    let read = try ONNXReader.read(path: name)
    guard let weights = read.components.first?.weights else { return }
    for (index, info) in weights.tensors.enumerated() where info.byteCount <= 1 << 10 {
      var bytes = [UInt8](repeating: 0, count: info.byteCount)
      try bytes.withUnsafeMutableBytes { try weights.read(index, at: 0, into: $0) }
      if bytes == secret { throw FuzzFailure(text: "read outside the folder") }
    }
  }

  private static func entry(_ key: String, _ value: [UInt8]) -> [UInt8] {
    field(13, field(1, Array(key.utf8)) + field(2, value))
  }

  private static func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
    [number << 3 | 2] + ProtobufMutation.varint(UInt64(content.count)) + content
  }
}
