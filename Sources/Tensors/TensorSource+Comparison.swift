extension TensorSource {
  /// Whether tensor number `index` has the same bytes as tensor number `otherIndex` of `other`.
  ///
  /// Digests decide where both sources know them; else both tensors are read a mebibyte at a time.
  ///
  /// - Throws: the sources' own errors.
  public func hasSameBytes(
    _ index: Int, as other: any TensorSource, _ otherIndex: Int
  ) throws -> Bool {
    let byteCount = tensors[index].byteCount
    guard byteCount == other.tensors[otherIndex].byteCount else { return false }
    if let digest = digest(of: index), let otherDigest = other.digest(of: otherIndex) {
      return digest == otherDigest
    }
    let blockSize = 1 << 20
    var left = [UInt8](repeating: 0, count: min(blockSize, byteCount))
    var right = left
    for offset in stride(from: 0, to: byteCount, by: blockSize) {
      let count = min(blockSize, byteCount - offset)
      try left.withUnsafeMutableBytes {
        try read(index, at: offset, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<count]))
      }
      try right.withUnsafeMutableBytes {
        try other.read(
          otherIndex, at: offset, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<count]))
      }
      guard left[..<count] == right[..<count] else { return false }
    }
    return true
  }
}
