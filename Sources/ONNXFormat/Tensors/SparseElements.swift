import Tensors

/// The elements of a sparse tensor that differ from zero, read as parts of the dense one.
struct SparseElements: Sendable {
  /// Row-major positions in the dense tensor, strictly ascending.
  let positions: [Int]
  /// The elements at those positions, `[positions.count]`, of a type of whole bytes.
  let values: SparseValues

  /// A stored tensor behind a reference, since a payload may hold it.
  final class SparseValues: Sendable {
    let stored: StoredTensor

    init(_ stored: StoredTensor) { self.stored = stored }
  }

  /// Copies a range of the dense tensor's bytes into `buffer`.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ONNXError) {
    _ = buffer.initializeMemory(as: UInt8.self, repeating: 0)
    let width = values.stored.info.dtype.byteWidth
    let end = offset + buffer.count
    var index = firstIndex(at: offset / width)
    // Values come in pieces of a fixed size, whatever the range asked for.
    while index < positions.count, positions[index] * width < end {
      let last = min(index + 4096, firstIndex(at: (end + width - 1) / width))
      var piece = [UInt8](repeating: 0, count: (last - index) * width)
      var span = piece.mutableSpan
      try span.withUnsafeMutableBytes { raw throws(ONNXError) in
        try values.stored.read(at: index * width, into: raw)
      }
      for element in index..<last {
        for byte in 0..<width {
          let target = positions[element] * width + byte - offset
          if target >= 0, target < buffer.count {
            buffer[target] = piece[(element - index) * width + byte]
          }
        }
      }
      index = last
    }
  }

  /// The number of positions before `position`.
  private func firstIndex(at position: Int) -> Int {
    var low = 0
    var high = positions.count
    while low < high {
      let middle = (low + high) / 2
      if positions[middle] < position {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }
}
