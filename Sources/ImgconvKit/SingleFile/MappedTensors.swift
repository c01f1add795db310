import Tensors

/// Tensors of one file as the views of it that a component takes.
struct MappedTensors: TensorSource {
  let tensors: [TensorInfo]
  private let base: any TensorSource
  private let views: [TensorView]

  /// `views` of `base`.
  ///
  /// - Throws: `TensorError` for a view whose size is beyond counting.
  init(_ base: any TensorSource, _ views: [TensorView]) throws(TensorError) {
    self.base = base
    self.views = views
    var infos: [TensorInfo] = []
    for view in views {
      infos.append(
        try TensorInfo(
          name: view.name, dtype: base.tensors[view.source].dtype, shape: view.shape))
    }
    tensors = infos
  }

  func checkUnchanged() throws { try base.checkUnchanged() }

  func digest(of index: Int) -> String? {
    if case .whole = views[index].part { base.digest(of: views[index].source) } else { nil }
  }

  func location(_ index: Int) -> TensorLocation? {
    guard let start = start(index), let place = base.location(views[index].source) else {
      return nil
    }
    return TensorLocation(file: place.file, offset: place.offset + UInt64(start))
  }

  func read(_ index: Int, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    let view = views[index]
    if let start = start(index) {
      return try base.read(view.source, at: start + offset, into: buffer)
    }
    let stored = try base.tensor(view.source)
    let width = stored.dtype.byteWidth
    let (rows, columns) = (stored.shape[0], stored.shape[1])
    stored.withBytes { bytes in
      for place in buffer.indices {
        let (element, byte) = (offset + place).quotientAndRemainder(dividingBy: width)
        let (row, column) = element.quotientAndRemainder(dividingBy: rows)
        buffer[place] = bytes[(column * columns + row) * width + byte]
      }
    }
  }

  /// The first byte of a view that is a run of its tensor's bytes; nil for others.
  private func start(_ index: Int) -> Int? {
    switch views[index].part {
    case .whole: 0
    case .from(let element): element * tensors[index].dtype.byteWidth
    case .transposed: nil
    }
  }
}
