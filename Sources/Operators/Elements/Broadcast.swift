import Kernels
import Tensors

/// How the elements of several operands pair up under ONNX's multidirectional (numpy) broadcasting.
///
/// Neighbouring axes that every operand either has whole or lacks are merged, so operands of one
/// shape make one long run, and a scalar or a bias makes runs with a fixed element.
struct Broadcast {
  /// The shape all operands are stretched to.
  let shape: Shape
  /// The merged extents, outermost first; never empty.
  let extents: [Int]
  /// For each operand, how far apart neighbours along each merged axis lie; 0 where it repeats.
  let strides: [[Int]]

  /// The pairing of operands of these shapes.
  ///
  /// - Throws: `OperatorError.mismatch` where two extents differ and neither is 1.
  init(_ shapes: [Shape]) throws {
    var result = Shape.scalar
    for shape in shapes {
      guard let next = result.broadcast(with: shape) else {
        throw OperatorError.mismatch(
          expected: "shapes that broadcast to one",
          found: shapes.map(\.description).joined(separator: " and "))
      }
      result = next
    }
    self.init(shapes, to: result)
  }

  /// The pairing of operands stretched to `shape`, which their shapes must broadcast to.
  init(_ shapes: [Shape], to shape: Shape) {
    self.shape = shape
    var extents: [Int] = []
    var strides = [[Int]](repeating: [], count: shapes.count)
    for axis in 0..<shape.rank where shape[axis] != 1 {
      let own = shapes.map { Self.stride(of: axis, in: $0, stretchedTo: shape) }
      let merges =
        !extents.isEmpty
        && own.indices.allSatisfy { strides[$0].last == own[$0] * shape[axis] }
      if merges {
        extents[extents.count - 1] *= shape[axis]
      } else {
        extents.append(shape[axis])
      }
      for operand in own.indices {
        if merges { strides[operand].removeLast() }
        strides[operand].append(own[operand])
      }
    }
    if extents.isEmpty {
      extents = [1]
      strides = strides.map { _ in [1] }
    }
    self.extents = extents
    self.strides = strides
  }

  private static func stride(of axis: Int, in operand: Shape, stretchedTo shape: Shape) -> Int {
    let own = axis - (shape.rank - operand.rank)
    guard own >= 0, operand[own] != 1 else { return 0 }
    return operand.dimensions[(own + 1)...].reduce(1) { $0 * max($1, 1) }
  }
}

extension Broadcast {
  /// How many results there are.
  var elementCount: Int { shape.elementCount }

  /// How far apart operand `index`'s elements lie within a run: 1, or 0 for a repeated element.
  func innerStride(_ index: Int) -> Int { strides[index][extents.count - 1] }

  /// Calls `body` for each run of the results `range`: the first result's position, each operand's
  /// position there, and the length of the run.
  func forEachRun(
    in range: Range<Int>,
    _ body: (_ result: Int, _ operands: UnsafePointer<Int>, _ count: Int) -> Void
  ) {
    guard !range.isEmpty else { return }
    let last = extents.count - 1
    var odometer = [Int](repeating: 0, count: extents.count)
    var rest = range.lowerBound
    for axis in extents.indices.reversed() {
      odometer[axis] = rest % extents[axis]
      rest /= extents[axis]
    }
    var offsets = strides.map { own in own.indices.reduce(0) { $0 + own[$1] * odometer[$1] } }
    var position = range.lowerBound
    while position < range.upperBound {
      let count = min(extents[last] - odometer[last], range.upperBound - position)
      offsets.withUnsafeBufferPointer { operands in
        if let base = operands.baseAddress { body(position, base, count) }
      }
      position += count
      advance(&odometer, &offsets, by: count)
    }
  }

  /// Calls `body` for each run of all results, large counts on several threads.
  func forEachRunInParallel(
    _ body: (_ result: Int, _ operands: UnsafePointer<Int>, _ count: Int) -> Void
  ) {
    Parallel.forEach(count: elementCount, grain: Self.grain) { forEachRun(in: $0, body) }
  }

  /// How many elements are worth a thread's while.
  static let grain = 32_768

  private func advance(_ odometer: inout [Int], _ offsets: inout [Int], by count: Int) {
    var axis = extents.count - 1
    odometer[axis] += count
    for operand in offsets.indices { offsets[operand] += strides[operand][axis] * count }
    while axis > 0, odometer[axis] == extents[axis] {
      odometer[axis] = 0
      odometer[axis - 1] += 1
      for operand in offsets.indices {
        offsets[operand] +=
          strides[operand][axis - 1] - strides[operand][axis] * extents[axis]
      }
      axis -= 1
    }
  }
}
