import CImgKernels
import FileIO
import ModelGraph
import Tensors

/// Reads every tensor of a file and checks the digests (R8, R11), the frames (R9) and what values
/// must be (R12).
///
/// Chunks are read, decoded and looked at side by side; a tensor's own digest takes them in in
/// their order. A thread holds one chunk, so memory does not grow with the tensors.
final class TensorVerification {
  private let tensors: [Tensor]
  // What `take` changes, one call at a time.
  private var nextTensor = 0
  private var nextOffset = 0
  // What `finish` changes, one call at a time.
  private var digest = StreamDigest()

  /// A tensor to be read.
  private struct Tensor {
    let weights: ImgcWeights
    let index: Int
    let rule: ValueRule

    var byteCount: Int { weights.tensors[index].byteCount }
  }

  /// A chunk of a tensor, and how much of the tensor it is.
  private struct Block {
    let tensor: Tensor
    let offset: Int
    let byteCount: Int

    var isWhole: Bool { byteCount == tensor.byteCount }
    var isLast: Bool { offset + byteCount == tensor.byteCount }
  }

  /// Room for a thread's chunk.
  private final class Worker {
    private let buffer: TensorBuffer

    init() throws { buffer = try TensorBuffer(byteCount: ChunkCodec.chunkSize) }

    func bytes(of block: Block) -> UnsafeMutableRawBufferPointer {
      UnsafeMutableRawBufferPointer(start: buffer.base, count: block.byteCount)
    }
  }

  /// A check of the weights of `components`, which are of the file `file`.
  init(file: String, _ components: [Component]) {
    tensors = components.flatMap { component -> [Tensor] in
      guard let weights = component.weights as? ImgcWeights else { return [] }
      let rules = ValueRules(file: file, component)
      return weights.tensors.enumerated().map {
        Tensor(weights: weights, index: $0, rule: rules.rule(for: $1))
      }
    }
  }
}

extension TensorVerification {
  /// Reads everything.
  ///
  /// - Throws: `ImgcError` naming the first tensor that breaks a rule.
  func run() throws {
    let workers = try (0..<workerCount).map { _ in try Worker() }
    try OrderedPipeline.run(workers, take: take, work: read, finish: hash)
  }

  private var workerCount: Int {
    let isSmall = tensors.reduce(0) { $0 + $1.byteCount } <= ChunkCodec.chunkSize
    return isSmall ? 1 : min(Self.maximumThreads, imgk_thread_count()) + 1
  }

  private static let maximumThreads = 8

  private func take(_ worker: Worker) -> Block? {
    guard nextTensor < tensors.count else { return nil }
    let tensor = tensors[nextTensor]
    let block = Block(
      tensor: tensor, offset: nextOffset,
      byteCount: min(ChunkCodec.chunkSize, tensor.byteCount - nextOffset))
    nextOffset += block.byteCount
    if block.isLast {
      nextTensor += 1
      nextOffset = 0
    }
    return block
  }

  private func read(_ worker: Worker, _ block: Block) throws {
    let bytes = worker.bytes(of: block)
    try block.tensor.weights.read(block.tensor.index, at: block.offset, into: bytes)
    try block.tensor.rule.check(UnsafeRawBufferPointer(bytes), at: block.offset)
  }

  /// Takes a block into its tensor's digest; that of a tensor of one block was checked by `read`.
  private func hash(_ worker: Worker, _ block: Block) throws {
    guard !block.isWhole else { return }
    digest.update(UnsafeRawBufferPointer(worker.bytes(of: block)))
    guard block.isLast else { return }
    try block.tensor.weights.check(digest: digest.hexadecimal, of: block.tensor.index)
    digest = StreamDigest()
  }
}
