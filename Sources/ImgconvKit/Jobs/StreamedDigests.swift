import FileIO
import ImgcFormat
import Synchronization
import Tensors

/// Checks the digests of tensors that are written part by part (R11 of `formats/imgc.md`): the parts
/// of a tensor come in order, those of several tensors one after another.
final class StreamedDigests: Sendable {
  private struct State {
    var tensor = -1
    var position = 0
    var digest = RangeDigest()
  }

  private let source: any TensorSource
  private let path: String
  private let state = Mutex(State())

  /// A check of the tensors of `source`; `path` is for messages.
  init(_ source: any TensorSource, path: String) {
    self.source = source
    self.path = path
  }

  /// Takes in the bytes of tensor number `tensor` that begin at `offset`.
  ///
  /// - Throws: `ImgcError.digest` where the last part completes other bytes than the source states.
  func take(_ tensor: Int, _ offset: Int, _ bytes: UnsafeRawBufferPointer) throws {
    let info = source.tensors[tensor]
    // A tensor read whole is checked by its reader.
    guard bytes.count < info.byteCount, let expected = source.digest(of: tensor) else { return }
    let found = state.withLock { state -> String? in
      if offset == 0 { state = State(tensor: tensor) }
      guard state.tensor == tensor, state.position == offset else { return nil }
      state.digest.update(bytes)
      state.position += bytes.count
      return state.position == info.byteCount ? state.digest.hexadecimal : nil
    }
    guard let found, found != expected else { return }
    throw ImgcError.digest(
      file: path, offset: 0, place: "tensor \(info.name.escapedForDisplay(limit: 300))",
      expected: expected, found: found)
  }
}

/// A source that is read from front to back, tensor by tensor, and checks the digests of tensors
/// that are read in parts.
struct StreamCheckedSource: TensorSource {
  private let base: any TensorSource
  private let digests: StreamedDigests

  /// `base`, checked; `path` is for messages.
  init(_ base: any TensorSource, path: String) {
    self.base = base
    digests = StreamedDigests(base, path: path)
  }

  var tensors: [TensorInfo] { base.tensors }

  func read(_ index: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    try base.read(index, at: offset, into: buffer)
    try digests.take(index, offset, UnsafeRawBufferPointer(buffer))
  }

  func checkUnchanged() throws { try base.checkUnchanged() }

  func digest(of index: Int) -> String? { base.digest(of: index) }
}
