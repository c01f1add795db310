import FileIO
import Glibc
import Tensors

/// Streams a planned model to its files.
struct ModelFiles {
  /// The model's path.
  let path: String
  let options: ONNXWriter.Options
  /// Files that must not be overwritten.
  let inputs: [InputFile]

  /// Writes the model, and the data file where there is one; both appear or neither does.
  func write(
    _ message: MessagePlan, _ external: ExternalLayout?, _ weights: any TensorSource
  ) throws -> [String] {
    let model = try open(path)
    let data = try external.map { layout in
      (layout, try open(path.parentFolder + "/" + layout.location))
    }
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: ONNXWriter.chunkByteCount, alignment: 64)
    defer { buffer.deallocate() }
    if let (layout, file) = data {
      for (weight, offset) in layout.entries {
        try pad(file, to: offset)
        try copy(weight, of: weights, to: file, through: buffer)
      }
    }
    for piece in message.pieces {
      switch piece {
      case .bytes(let bytes):
        try ONNXError.wrapping { () throws(FileIOError) in
          try model.write(bytes)
        }
      case .weight(let weight): try copy(weight, of: weights, to: model, through: buffer)
      }
    }
    try weights.checkUnchanged()
    try publish(model, data?.1)
    return [path] + (data.map { [$0.1.path] } ?? [])
  }

  private func open(_ path: String) throws(ONNXError) -> OutputFile {
    try ONNXError.wrapping { () throws(FileIOError) in
      try OutputFile(path: path, policy: options.policy, inputs: inputs)
    }
  }

  private func pad(_ file: OutputFile, to offset: Int) throws(ONNXError) {
    let missing = offset - Int(file.byteCount)
    guard missing > 0 else { return }
    try ONNXError.wrapping { () throws(FileIOError) in
      try file.write([UInt8](repeating: 0, count: missing))
    }
  }

  private func copy(
    _ weight: Int, of weights: any TensorSource, to file: OutputFile,
    through buffer: UnsafeMutableRawBufferPointer
  ) throws {
    let byteCount = weights.tensors[weight].byteCount
    var done = 0
    while done < byteCount {
      let chunk = UnsafeMutableRawBufferPointer(
        rebasing: buffer[..<min(buffer.count, byteCount - done)])
      try weights.read(weight, at: done, into: chunk)
      try ONNXError.wrapping { () throws(FileIOError) in
        try file.write(UnsafeRawBufferPointer(chunk))
      }
      done += chunk.count
    }
  }

  /// Publishes the data first: a model never stands beside data that is not there.
  private func publish(_ model: OutputFile, _ data: OutputFile?) throws(ONNXError) {
    try ONNXError.wrapping { () throws(FileIOError) in
      guard let data else { return try model.publish() }
      try data.publish()
      do throws(FileIOError) {
        try model.publish()
      } catch {
        if !options.policy.replacesExisting { unlink(data.path) }
        throw error
      }
    }
  }
}
