import FileIO
import Tensors

/// Writes safetensors files, one tensor at a time.
///
/// The same tensors give the same bytes: tensors stand by descending alignment, then by name, as
/// the reference implementation puts them; the header is padded with spaces to a multiple of 8.
public enum SafetensorsWriter {
  /// Is shown a tensor's number, an offset and the bytes that begin there; one call at a time, the
  /// tensors one after another, each from front to back.
  public typealias Observer = (Int, Int, UnsafeRawBufferPointer) throws -> Void

  private static let blockSize = 4 << 20

  /// Writes all tensors of `source` to a new file at `path`.
  ///
  /// - Throws: `SafetensorsError.unwritable` for a name or type that the format cannot hold;
  ///   `.file`; the source's error.
  public static func write(
    _ source: any TensorSource, to path: String, metadata: [String: String] = [:],
    policy: OutputPolicy = OutputPolicy(), threadCount: Int = 1, observe: Observer? = nil,
    progress: @escaping (Double) -> Void = { _ in }
  ) throws {
    let file: OutputFile
    do {
      file = try OutputFile(path: path, policy: policy)
    } catch {
      throw SafetensorsError.file(error)
    }
    try write(
      source, to: file, metadata: metadata, threadCount: threadCount, observe: observe,
      progress: progress)
    try source.checkUnchanged()
    try file.publish()
  }

  /// Writes all tensors of `source` to `file`, which the caller publishes.
  ///
  /// - Parameters:
  ///   - threadCount: how many threads read the source; one block for each, and one more, is in
  ///     memory.
  ///   - observe: is shown the bytes before they are written, and may refuse them.
  ///   - progress: is told the share of bytes written, 0 to 1; one call at a time, from any thread.
  public static func write(
    _ source: any TensorSource, to file: OutputFile, metadata: [String: String] = [:],
    threadCount: Int = 1, observe: Observer? = nil, progress: @escaping (Double) -> Void = { _ in }
  ) throws {
    let tensors = source.tensors
    let order = try order(of: tensors, file: file.path)
    try file.write(header(tensors, order, metadata))
    let total = Double(max(1, tensors.reduce(0) { $0 + $1.byteCount }))
    let end = file.byteCount
    var blocks = BlockSequence(tensors, order, size: blockSize)
    let workers = try (0..<(threadCount < 2 ? 1 : min(threadCount, maximumThreads) + 1)).map { _ in
      try TensorBuffer(byteCount: blockSize)
    }
    try OrderedPipeline.run(
      workers, take: { _ in blocks.next() },
      load: { buffer, block in
        try source.read(block.tensor, at: block.offset, into: block.part(of: buffer))
      },
      arrange: observe.map { observe in
        { buffer, block in
          try observe(block.tensor, block.offset, UnsafeRawBufferPointer(block.part(of: buffer)))
        }
      }, work: { _, _ in },
      finish: { buffer, block in
        try file.write(UnsafeRawBufferPointer(block.part(of: buffer)))
        progress(Double(file.byteCount - end) / total)
      })
  }

  private static let maximumThreads = 8

  private static func order(of tensors: [TensorInfo], file: String) throws -> [Int] {
    var names: Set<ByteString> = []
    for tensor in tensors {
      let reason: String? =
        if tensor.name == "__metadata__" {
          "name: expected a tensor's name, found the one reserved for metadata"
        } else if tensor.name.isEmpty || tensor.name.utf8.contains(0) {
          "name: expected at least one character and no NUL"
        } else if !names.insert(ByteString(tensor.name)).inserted {
          "name: expected each once, found it twice"
        } else if tensor.dtype.safetensorsCode == nil {
          "dtype: \(tensor.dtype.name) has no place in safetensors"
        } else if tensor.dtype.isSubByte,
          tensor.shape.elementCount % (8 / tensor.dtype.bitWidth.greatestPowerOfTwo) != 0
        {
          "shape: expected whole bytes of \(tensor.dtype.name), found \(tensor.shape)"
        } else {
          nil
        }
      if let reason {
        throw SafetensorsError.unwritable(file: file, tensor: tensor.name, reason: reason)
      }
    }
    let rank = Dictionary(
      uniqueKeysWithValues: DType.safetensorsCodes.enumerated().map { ($1.dtype, $0) })
    return tensors.indices.sorted { left, right in
      let (a, b) = (rank[tensors[left].dtype] ?? 0, rank[tensors[right].dtype] ?? 0)
      if a != b { return a > b }
      return ByteString(tensors[left].name) < ByteString(tensors[right].name)
    }
  }

  private static func header(
    _ tensors: [TensorInfo], _ order: [Int], _ metadata: [String: String]
  ) -> [UInt8] {
    var members: [JSONMember] = []
    if !metadata.isEmpty {
      let texts = metadata.sorted { ByteString($0.key) < ByteString($1.key) }
        .map { JSONMember($0.key, .string($0.value)) }
      members.append(JSONMember("__metadata__", .object(texts)))
    }
    var position = 0
    for index in order {
      let tensor = tensors[index]
      let end = position + tensor.byteCount
      members.append(
        JSONMember(
          tensor.name,
          .object([
            JSONMember("dtype", .string(tensor.dtype.safetensorsCode ?? "")),
            JSONMember("shape", .array(tensor.shape.dimensions.map { .integer($0) })),
            JSONMember("data_offsets", [.integer(position), .integer(end)]),
          ])))
      position = end
    }
    var text = JSONWriter.bytes(.object(members))
    while text.count % 8 != 0 { text.append(0x20) }
    var builder = ByteBuilder()
    builder.append(UInt64(text.count))
    builder.append(contentsOf: text)
    return builder.bytes
  }
}

extension Int {
  /// The largest power of two that divides a number of bits: 6 bits fill bytes by fours, 4 by twos.
  fileprivate var greatestPowerOfTwo: Int { self & -self }
}

/// The blocks in which tensors are copied, in order.
private struct BlockSequence {
  /// A part of a tensor.
  struct Block {
    let tensor: Int
    let offset: Int
    let byteCount: Int

    /// The block's bytes within a worker's buffer.
    func part(of buffer: TensorBuffer) -> UnsafeMutableRawBufferPointer {
      UnsafeMutableRawBufferPointer(start: buffer.base, count: byteCount)
    }
  }

  private let tensors: [TensorInfo]
  private let order: [Int]
  private let size: Int
  private var position = 0
  private var offset = 0

  init(_ tensors: [TensorInfo], _ order: [Int], size: Int) {
    self.tensors = tensors
    self.order = order
    self.size = size
  }

  mutating func next() -> Block? {
    while position < order.count {
      let tensor = order[position]
      let rest = tensors[tensor].byteCount - offset
      if rest > 0 {
        let block = Block(tensor: tensor, offset: offset, byteCount: min(size, rest))
        offset += block.byteCount
        return block
      }
      position += 1
      offset = 0
    }
    return nil
  }
}
