import Kernels
import Tensors

/// Copies elements between two arrays that both step through memory by fixed strides per axis: the
/// one loop behind Transpose, Slice, Concat, Split, Pad, Expand, Tile and their like.
///
/// Strides are in elements, may be negative, and 0 in the source repeats an element.
struct StridedCopy {
  private var extents: [Int] = []
  private var sourceStrides: [Int] = []
  private var targetStrides: [Int] = []
  private let width: Int

  /// A copy of `extents` elements of `byteWidth` bytes (1, 2, 4, 8 or 16).
  init(extents: [Int], sourceStrides: [Int], targetStrides: [Int], byteWidth: Int) {
    width = byteWidth
    for axis in extents.indices where extents[axis] != 1 {
      let source = sourceStrides[axis]
      let target = targetStrides[axis]
      let merges =
        self.sourceStrides.last.map { $0 == source * extents[axis] } ?? false
        && self.targetStrides.last == target * extents[axis]
      if merges {
        self.extents[self.extents.count - 1] *= extents[axis]
        self.sourceStrides[self.extents.count - 1] = source
        self.targetStrides[self.extents.count - 1] = target
      } else {
        self.extents.append(extents[axis])
        self.sourceStrides.append(source)
        self.targetStrides.append(target)
      }
    }
  }

  /// Copies from `source`, the address of the element at all indices 0, to `target`, likewise.
  func run(from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer) {
    guard !extents.contains(0) else { return }
    if extents.isEmpty {
      target.copyMemory(from: source, byteCount: width)
    } else if sourceStrides.last == 1, targetStrides.last == 1 {
      copyRuns(source, target)
    } else {
      switch width {
      case 1: copyWords(source, target, as: UInt8.self)
      case 2: copyWords(source, target, as: UInt16.self)
      case 4: copyWords(source, target, as: UInt32.self)
      case 8: copyWords(source, target, as: UInt64.self)
      default: copyWords(source, target, as: SIMD2<UInt64>.self)
      }
    }
  }
}

extension StridedCopy {
  /// Both innermost strides are 1: whole runs of bytes.
  private func copyRuns(_ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer) {
    let runBytes = extents[extents.count - 1] * width
    let rows = Array(extents.dropLast())
    if rows.isEmpty {
      Parallel.forEach(count: runBytes, grain: 1 << 20) { part in
        (target + part.lowerBound).copyMemory(
          from: source + part.lowerBound, byteCount: part.count)
      }
      return
    }
    forEachRow(rows, weight: runBytes) { sourceOffset, targetOffset in
      (target + targetOffset * width).copyMemory(
        from: source + sourceOffset * width, byteCount: runBytes)
    }
  }

  private func copyWords<Word: BitwiseCopyable>(
    _ source: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, as type: Word.Type
  ) {
    let source = source.assumingMemoryBound(to: type)
    let target = target.assumingMemoryBound(to: type)
    if let axis = sourceStrides.dropLast().firstIndex(where: { $0 == 1 }),
      sourceStrides[extents.count - 1] != 0, extents[axis] >= 4
    {
      copyTiles(source, target, contiguousAxis: axis)
      return
    }
    let count = extents[extents.count - 1]
    let sourceStep = sourceStrides[extents.count - 1]
    let targetStep = targetStrides[extents.count - 1]
    forEachRow(Array(extents.dropLast()), weight: count * MemoryLayout<Word>.size) { from, to in
      let input = source + from
      let output = target + to
      if sourceStep == 0, targetStep == 1 {
        output.update(repeating: input[0], count: count)
      } else if targetStep == 1 {
        for index in 0..<count { output[index] = input[index &* sourceStep] }
      } else {
        for index in 0..<count { output[index &* targetStep] = input[index &* sourceStep] }
      }
    }
  }

  /// The source runs along `axis`, the target along the last axis: square tiles that fit the cache.
  private func copyTiles<Word: BitwiseCopyable>(
    _ source: UnsafePointer<Word>, _ target: UnsafeMutablePointer<Word>, contiguousAxis axis: Int
  ) {
    let last = extents.count - 1
    // Few elements along the target's axis: long columns of the source instead of squares.
    let isNarrow = extents[last] < 16
    let tile = isNarrow ? 1024 : 32
    var rows = extents
    rows.removeLast()
    rows[axis] = (extents[axis] + tile - 1) / tile
    var tiled = self
    tiled.extents = rows + [1]
    tiled.sourceStrides[axis] *= tile
    tiled.targetStrides[axis] *= tile
    let blockAxis = axis
    tiled.forEachRow(
      rows, weight: tile * extents[last] * MemoryLayout<Word>.size, blockAxis: blockAxis
    ) { from, to, block in
      let height = min(tile, extents[axis] - block * tile)
      let sourceStep = sourceStrides[last]
      let targetStep = targetStrides[last]
      let targetRow = targetStrides[axis]
      if isNarrow {
        for index in 0..<extents[last] {
          let input = source + from + index &* sourceStep
          let output = target + to + index &* targetStep
          for row in 0..<height { output[row &* targetRow] = input[row] }
        }
        return
      }
      var start = 0
      while start < extents[last] {
        let end = min(start + tile, extents[last])
        for row in 0..<height {
          let input = source + from + row
          let output = target + to + row &* targetRow
          for index in start..<end {
            output[index &* targetStep] = input[index &* sourceStep]
          }
        }
        start = end
      }
    }
  }

  /// Calls `body` with the offsets of every combination of indices of the first axes.
  private func forEachRow(
    _ rows: [Int], weight: Int, _ body: (_ source: Int, _ target: Int) -> Void
  ) {
    forEachRow(rows, weight: weight, blockAxis: 0) { source, target, _ in body(source, target) }
  }

  /// As above, with the index along `blockAxis`.
  private func forEachRow(
    _ rows: [Int], weight: Int, blockAxis: Int,
    _ body: (_ source: Int, _ target: Int, _ block: Int) -> Void
  ) {
    let count = rows.reduce(1, *)
    let grain = max(1, (128 << 10) / max(1, weight))
    Parallel.forEach(count: count, grain: grain) { range in
      var odometer = [Int](repeating: 0, count: rows.count)
      var rest = range.lowerBound
      for axis in rows.indices.reversed() {
        odometer[axis] = rest % rows[axis]
        rest /= rows[axis]
      }
      var source = rows.indices.reduce(0) { $0 + odometer[$1] * sourceStrides[$1] }
      var target = rows.indices.reduce(0) { $0 + odometer[$1] * targetStrides[$1] }
      for _ in range {
        body(source, target, rows.isEmpty ? 0 : odometer[blockAxis])
        var axis = rows.count - 1
        while axis >= 0 {
          odometer[axis] += 1
          source += sourceStrides[axis]
          target += targetStrides[axis]
          if odometer[axis] < rows[axis] { break }
          odometer[axis] = 0
          source -= sourceStrides[axis] * rows[axis]
          target -= targetStrides[axis] * rows[axis]
          axis -= 1
        }
      }
    }
  }
}

extension Tensor {
  /// The first element's address, whatever the type.
  var rawPointer: UnsafeRawPointer { UnsafeRawPointer(buffer.base + byteOffset) }

  /// The first element's address, for the one who made the tensor to fill it.
  var mutableRawPointer: UnsafeMutableRawPointer { buffer.base + byteOffset }
}
