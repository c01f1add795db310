import Kernels
import Tensors

/// Copies chosen slices along one axis: the loop of Gather and Pad.
struct GatheredSlices {
  /// The source seen from the axis.
  let split: AxisSplit
  /// Bytes an element.
  let byteWidth: Int

  /// Writes the slices at `indices`, each in `0..<split.extent`, to
  /// `target [outer, indices.count, inner]`.
  func copy(_ indices: [Int], from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer) {
    let bytes = split.inner * byteWidth
    guard bytes > 0, split.outer > 0 else { return }
    if split.inner == 1 {
      switch byteWidth {
      case 1: return copyWords(indices, source, target, as: UInt8.self)
      case 2: return copyWords(indices, source, target, as: UInt16.self)
      case 4: return copyWords(indices, source, target, as: UInt32.self)
      case 8: return copyWords(indices, source, target, as: UInt64.self)
      default: return copyWords(indices, source, target, as: SIMD2<UInt64>.self)
      }
    }
    let grain = max(1, (64 << 10) / bytes)
    Parallel.forEach(count: split.outer * indices.count, grain: grain) { range in
      for position in range {
        let (outer, place) = position.quotientAndRemainder(dividingBy: indices.count)
        (target + position * bytes).copyMemory(
          from: source + (outer * split.extent + indices[place]) * bytes, byteCount: bytes)
      }
    }
  }

  private func copyWords<Word: BitwiseCopyable>(
    _ indices: [Int], _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer,
    as type: Word.Type
  ) {
    let source = source.assumingMemoryBound(to: type)
    let target = target.assumingMemoryBound(to: type)
    indices.withUnsafeBufferPointer { indices in
      Parallel.forEach(count: split.outer, grain: max(1, Broadcast.grain / max(1, indices.count))) {
        for outer in $0 {
          let (input, output) = (source + outer * split.extent, target + outer * indices.count)
          for place in indices.indices { output[place] = input[indices[place]] }
        }
      }
    }
  }
}
