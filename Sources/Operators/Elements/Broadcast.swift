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
    withOdometer(at: range.lowerBound, axes: extents.count) { odometer in
      var position = range.lowerBound
      while position < range.upperBound {
        let count = min(extents[last] - odometer.index(last), range.upperBound - position)
        body(position, odometer.offsets, count)
        position += count
        odometer.advance(last, by: count)
      }
    }
  }

  /// Calls `body` for each block of the last two merged axes, on this thread: the first result's
  /// position and each operand's position there.
  func forEachBlock(_ body: (_ result: Int, _ operands: UnsafePointer<Int>) -> Void) {
    guard elementCount > 0 else { return }
    let outer = max(0, extents.count - 2)
    let block = extents[outer...].reduce(1, *)
    withOdometer(at: 0, axes: outer) { odometer in
      for number in 0..<(elementCount / block) {
        body(number * block, odometer.offsets)
        if outer > 0 { odometer.advance(outer - 1, by: 1) }
      }
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

  /// Calls `body` with an odometer over the first `axes` merged axes that stands at `position`.
  private func withOdometer(at position: Int, axes: Int, _ body: (borrowing Odometer) -> Void) {
    let operandCount = strides.count
    let size = 2 * axes + operandCount * (axes + 1)
    withUnsafeTemporaryAllocation(of: Int.self, capacity: max(1, size)) { memory in
      guard let base = memory.baseAddress else { return }
      let odometer = Odometer(
        memory: base, axisCount: axes, operandCount: operandCount)
      odometer.set(extents, strides, position)
      body(odometer)
    }
  }
}

/// The indices along some axes and each operand's position there, in memory lent by the caller.
private struct Odometer {
  private let indices: UnsafeMutablePointer<Int>
  private let extents: UnsafeMutablePointer<Int>
  /// Each operand's position.
  let offsets: UnsafeMutablePointer<Int>
  private let strides: UnsafeMutablePointer<Int>
  private let axisCount: Int
  private let operandCount: Int

  init(memory: UnsafeMutablePointer<Int>, axisCount: Int, operandCount: Int) {
    indices = memory
    extents = memory + axisCount
    offsets = memory + 2 * axisCount
    strides = offsets + operandCount
    self.axisCount = axisCount
    self.operandCount = operandCount
  }

  /// Stands at `position`, counted in elements of all axes.
  func set(_ allExtents: [Int], _ allStrides: [[Int]], _ position: Int) {
    var rest = position
    for axis in (0..<axisCount).reversed() {
      extents[axis] = allExtents[axis]
      indices[axis] = rest % allExtents[axis]
      rest /= allExtents[axis]
    }
    for operand in 0..<operandCount {
      offsets[operand] = 0
      for axis in 0..<axisCount {
        strides[operand * axisCount + axis] = allStrides[operand][axis]
        offsets[operand] += allStrides[operand][axis] * indices[axis]
      }
    }
  }

  /// The index along `axis`.
  func index(_ axis: Int) -> Int { indices[axis] }

  /// Moves by `count` along `axis`, at most to its end, and on to the next of the axis before.
  func advance(_ axis: Int, by count: Int) {
    var axis = axis
    indices[axis] += count
    for operand in 0..<operandCount {
      offsets[operand] += strides[operand * axisCount + axis] * count
    }
    while axis > 0, indices[axis] == extents[axis] {
      indices[axis] = 0
      indices[axis - 1] += 1
      for operand in 0..<operandCount {
        let own = strides + operand * axisCount
        offsets[operand] += own[axis - 1] - own[axis] * extents[axis]
      }
      axis -= 1
    }
  }
}
