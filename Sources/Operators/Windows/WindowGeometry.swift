import Tensors

/// A sliding window over given spatial extents: where every tap of every result lies.
struct WindowGeometry: Sendable {
  /// The input's spatial extents.
  let input: [Int]
  /// The results' spatial extents.
  let output: [Int]
  /// The window along each axis.
  let axes: [WindowAxis]
  /// The padding before each axis.
  let padBegin: [Int]
  /// The padding after each axis.
  let padEnd: [Int]
  private let inputStrides: [Int]
  private let kernelStrides: [Int]

  /// The window `axes` over `input`.
  ///
  /// - Throws: `OperatorError.inputShape` where the window is wider than the padded input.
  init(_ axes: [WindowAxis], over input: [Int], shape: Shape) throws {
    var output: [Int] = []
    for (axis, extent) in zip(axes, input) {
      let count = extent <= WindowAttributes.limit ? axis.outputExtent(extent) : 0
      guard count > 0, count <= WindowAttributes.limit else {
        throw OperatorError.inputShape(
          index: 0, expected: "spatial extents that hold a window of \(axis.span)", found: shape)
      }
      output.append(count)
    }
    _ = try Shape(checking: axes.map(\.kernel))
    self.init(axes, over: input, giving: output)
  }

  /// The window `axes` over `input`, known to give `output` results.
  init(_ axes: [WindowAxis], over input: [Int], giving output: [Int]) {
    self.axes = axes
    self.input = input
    self.output = output
    let padding = zip(axes, input).map { $0.padding($1) }
    padBegin = padding.map(\.begin)
    padEnd = padding.map(\.end)
    inputStrides = Shape(input).strides
    kernelStrides = Shape(axes.map(\.kernel)).strides
  }
}

extension WindowGeometry {
  /// How many spatial axes there are.
  var rank: Int { axes.count }
  /// The number of elements of one input plane.
  var inputCount: Int { input.reduce(1, *) }
  /// The number of results of one plane.
  var outputCount: Int { output.reduce(1, *) }
  /// The number of taps.
  var kernelCount: Int { axes.reduce(1) { $0 * $1.kernel } }

  /// Calls `body` for the results in row-major order: the result's number and its position.
  func forEachResult(_ body: (_ result: Int, _ position: UnsafePointer<Int>) -> Void) {
    var position = [Int](repeating: 0, count: max(rank, 1))
    position.withUnsafeMutableBufferPointer { position in
      guard let base = position.baseAddress else { return }
      for result in 0..<outputCount {
        body(result, base)
        var axis = rank - 1
        while axis >= 0 {
          base[axis] += 1
          if base[axis] < output[axis] { break }
          base[axis] = 0
          axis -= 1
        }
      }
    }
  }

  /// Calls `body` for each row of taps that hit the input for the result at `position`: the first
  /// tap's place in the input plane and in the kernel, the number of taps. Neighbours in a row lie
  /// `lastDilation` apart in the input and 1 apart in the kernel.
  @inline(__always)
  func forEachTapRow(
    at position: UnsafePointer<Int>,
    _ body: (_ input: Int, _ kernel: Int, _ count: Int) -> Void
  ) {
    switch rank {
    case 0: body(0, 0, 1)
    case 1: row(position, 0, 0, body)
    case 2:
      let start = position[0] * axes[0].stride - padBegin[0]
      let taps = taps(0, from: start)
      for tap in taps {
        row(
          position, (start + tap * axes[0].dilation) * inputStrides[0], tap * kernelStrides[0],
          body)
      }
    default: descend(axis: 0, position, 0, 0, body)
    }
  }

  /// How far apart neighbouring taps along the last axis lie in the input.
  var lastDilation: Int { axes.last?.dilation ?? 1 }

  /// The taps along `axis` that hit the input for a window whose first tap lies at `start`.
  @inline(__always)
  private func taps(_ axis: Int, from start: Int) -> Range<Int> {
    let dilation = axes[axis].dilation
    let first = start < 0 ? (-start + dilation - 1) / dilation : 0
    let past = input[axis] > start ? (input[axis] - start + dilation - 1) / dilation : 0
    let upper = min(axes[axis].kernel, past)
    return first < upper ? first..<upper : 0..<0
  }

  @inline(__always)
  private func row(
    _ position: UnsafePointer<Int>, _ input: Int, _ kernel: Int, _ body: (Int, Int, Int) -> Void
  ) {
    let last = rank - 1
    let start = position[last] * axes[last].stride - padBegin[last]
    let taps = taps(last, from: start)
    guard !taps.isEmpty else { return }
    body(
      input + start + taps.lowerBound * axes[last].dilation, kernel + taps.lowerBound, taps.count)
  }

  private func descend(
    axis: Int, _ position: UnsafePointer<Int>, _ input: Int, _ kernel: Int,
    _ body: (Int, Int, Int) -> Void
  ) {
    guard axis < rank - 1 else { return row(position, input, kernel, body) }
    let start = position[axis] * axes[axis].stride - padBegin[axis]
    for tap in taps(axis, from: start) {
      descend(
        axis: axis + 1, position,
        input + (start + tap * axes[axis].dilation) * inputStrides[axis],
        kernel + tap * kernelStrides[axis], body)
    }
  }

  /// The number of taps that hit the input or its padding for the result at `position`: what an
  /// average that counts padding divides by.
  func paddedTapCount(at position: UnsafePointer<Int>) -> Int {
    var count = 1
    for axis in 0..<rank {
      let window = axes[axis]
      let start = position[axis] * window.stride - padBegin[axis]
      let past = input[axis] + padEnd[axis] - start
      count *= min(window.kernel, max(0, (past + window.dilation - 1) / window.dilation))
    }
    return count
  }
}
