import FileIO
import Kernels
import Tensors

/// Writes GGUF files, one tensor at a time (`formats/gguf.md`).
public enum GGUFWriter {
  /// What matrices and kernels of floating-point weights become.
  public enum Precision: String, CaseIterable, Sendable {
    /// `Q8_0` where the last axis is a multiple of 32, else fp16.
    case q80 = "q8_0"
    /// fp16.
    case f16
  }

  /// How a file is written.
  public struct Options: Sendable {
    /// What weights of two and more axes become; those of fewer become fp32.
    public var precision: Precision
    /// Texts by key, such as `general.architecture`.
    public var metadata: [(key: String, value: String)]
    /// How the file is put into place.
    public var policy: OutputPolicy

    /// Options of the given values.
    public init(
      precision: Precision, metadata: [(key: String, value: String)] = [],
      policy: OutputPolicy = OutputPolicy()
    ) {
      self.precision = precision
      self.metadata = metadata
      self.policy = policy
    }
  }

  /// Writes all tensors of `source`, in its order, to a new file at `path`.
  ///
  /// - Parameter floats: gives tensor number `index` in fp32; asked for floating-point tensors.
  /// - Returns: how many tensors were written in each type.
  /// - Throws: `GGUFError`, `FileIOError`, the source's error.
  public static func write(
    _ source: any TensorSource, to path: String, options: Options, inputs: [InputFile] = [],
    floats: (_ index: Int) throws -> Tensor
  ) throws -> [GGUFType: Int] {
    let entries = try entries(source.tensors, options.precision, path)
    let file = try OutputFile(
      path: path, policy: options.policy, inputs: inputs)
    try file.write(GGUFHeader(entries: entries, metadata: options.metadata).bytes())
    for (index, entry) in entries.enumerated() {
      try file.write(try content(entry, index, source, floats))
      let padding = GGUFHeader.padded(entry.byteCount) - entry.byteCount
      try file.write([UInt8](repeating: 0, count: padding))
    }
    try source.checkUnchanged()
    try file.publish()
    return Dictionary(entries.map { ($0.type, 1) }, uniquingKeysWith: +)
  }

  private static func content(
    _ entry: GGUFEntry, _ index: Int, _ source: any TensorSource,
    _ floats: (Int) throws -> Tensor
  ) throws -> [UInt8] {
    switch entry.type {
    case .q80:
      let tensor = try floats(index)
      defer { withExtendedLifetime(tensor) {} }
      return Q8Block.encode(tensor.pointer(), count: tensor.elementCount)
    case .float16:
      let tensor = try floats(index)
      var halves = [UInt16](repeating: 0, count: tensor.elementCount)
      halves.withUnsafeMutableBufferPointer { target in
        if let base = target.baseAddress {
          Conversion.float16(tensor.pointer(as: Float.self), base, count: target.count)
        }
      }
      withExtendedLifetime(tensor) {}
      return halves.withUnsafeBytes { Array($0) }
    case .float32: return try floats(index).withBytes { Array($0) }
    default: return try source.tensor(index).withBytes { Array($0) }
    }
  }

  private static func entries(
    _ tensors: [TensorInfo], _ precision: Precision, _ file: String
  ) throws -> [GGUFEntry] {
    var names: Set<ByteString> = []
    return try tensors.map { info in
      let byteCount = info.name.utf8.count
      guard byteCount > 0, byteCount <= GGUFHeader.maximumNameByteCount else {
        throw GGUFError.tensor(
          file: file, tensor: info.name,
          reason: "name: expected 1 to \(GGUFHeader.maximumNameByteCount) bytes, "
            + "found \(byteCount)")
      }
      guard names.insert(ByteString(info.name)).inserted else {
        throw GGUFError.tensor(
          file: file, tensor: info.name, reason: "name: expected each once, found it twice")
      }
      guard info.shape.elementCount > 0 else {
        throw GGUFError.tensor(
          file: file, tensor: info.name, reason: "shape: expected elements, found none")
      }
      guard info.shape.rank <= GGUFHeader.maximumRank else {
        throw GGUFError.rank(
          file: file, tensor: info.name, limit: GGUFHeader.maximumRank, found: info.shape)
      }
      return GGUFEntry(info: info, type: try type(info, precision, file))
    }
  }

  private static func type(
    _ info: TensorInfo, _ precision: Precision, _ file: String
  ) throws -> GGUFType {
    guard let stored = GGUFType(storing: info.dtype) else {
      throw GGUFError.type(file: file, tensor: info.name, found: info.dtype)
    }
    guard info.dtype.isFloatingPoint else { return stored }
    guard info.shape.rank >= 2 else { return .float32 }
    let isBlocked = info.shape[info.shape.rank - 1] % GGUFType.q80.blockSize == 0
    return precision == .q80 && isBlocked ? .q80 : .float16
  }
}
