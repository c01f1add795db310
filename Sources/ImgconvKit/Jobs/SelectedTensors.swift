import FileIO
import Tensors

/// Some of a source's tensors, in the order in which they were asked for.
struct SelectedTensors: TensorSource {
  let tensors: [TensorInfo]
  private let base: any TensorSource
  private let places: [Int]

  /// The tensors of `base` called `names`; `path` is for messages.
  ///
  /// - Throws: `JobError.noTensor` for a name that is not there.
  init(_ base: any TensorSource, names: [String], path: String) throws {
    self.base = base
    places = try names.map { name in
      guard let place = base.index(of: name) else {
        throw JobError.noTensor(path: path, name: name)
      }
      return place
    }
    tensors = places.map { base.tensors[$0] }
  }

  func read(_ index: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    try base.read(places[index], at: offset, into: buffer)
  }

  func checkUnchanged() throws { try base.checkUnchanged() }

  func digest(of index: Int) -> String? { base.digest(of: places[index]) }
}
