import FileIO
import Tensors

/// A source some of whose tensors are replaced.
struct OverlaidTensors: TensorSource {
  let tensors: [TensorInfo]
  private let base: any TensorSource
  private let overlay: any TensorSource
  /// For each tensor, its place in the overlay; nil for one of the base.
  private let places: [Int?]

  /// `base` with the tensors of `overlay` in the place of those of the same names.
  init(_ base: any TensorSource, _ overlay: any TensorSource) {
    self.base = base
    self.overlay = overlay
    let indices = Dictionary(
      overlay.tensors.enumerated().map { (ByteString($1.name), $0) },
      uniquingKeysWith: { first, _ in first })
    places = base.tensors.map { indices[ByteString($0.name)] }
    tensors = zip(base.tensors, places).map { info, place in
      place.map { overlay.tensors[$0] } ?? info
    }
  }

  func read(_ index: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    if let place = places[index] {
      try overlay.read(place, at: offset, into: buffer)
    } else {
      try base.read(index, at: offset, into: buffer)
    }
  }

  func checkUnchanged() throws { try base.checkUnchanged() }
}
