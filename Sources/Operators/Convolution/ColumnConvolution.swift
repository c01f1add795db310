import Kernels
import Tensors

/// fp32 convolutions as products of the kernel with columns of input elements, a block of results
/// at a time.
struct ColumnConvolution {
  let shapes: ConvolutionShapes
  let geometry: WindowGeometry

  /// How many elements a block of columns holds at most.
  private static let blockLimit = 1 << 20

  /// Whether this way pays: a product of one row is slower than the sum itself.
  static func pays(_ shapes: ConvolutionShapes) -> Bool {
    shapes.outputChannelsPerGroup >= 4
  }

  /// Convolves `input [N, C, D…]` with `weight [M, C / groups, k…]`.
  func run(
    input: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>, context: ExecutionContext
  ) throws {
    let depth = shapes.inputChannelsPerGroup * geometry.kernelCount
    let count = geometry.outputCount
    let maps = shapes.outputChannelsPerGroup
    let block = max(1, min(count, max(64, Self.blockLimit / max(1, depth))))
    let columns = isPointwise ? nil : try context.allocate(.float32, [depth, block])
    for image in 0..<shapes.batch {
      for group in 0..<shapes.groups {
        let channel = image * shapes.inputChannels + group * shapes.inputChannelsPerGroup
        let source = input + channel * geometry.inputCount
        let map = group * maps
        let target = output + (image * shapes.outputChannels + map) * count
        fill(target, maps, bias.map { $0 + map })
        for first in stride(from: 0, to: count, by: block) {
          let results = first..<min(first + block, count)
          var rows = SingleProduct.Rows(base: source + first, stride: count)
          if let columns {
            gather(source, results, into: columns.mutablePointer(), stride: block)
            rows = .init(base: columns.pointer(), stride: block)
          }
          SingleProduct.run(
            .init(base: weight + map * depth, stride: depth), rows, accumulates: true,
            into: target + first, rowStride: count, m: maps, n: results.count, k: depth)
        }
      }
    }
  }

  /// Whether each result sees the one element at its own place.
  private var isPointwise: Bool {
    geometry.kernelCount == 1 && geometry.input == geometry.output
      && geometry.axes.allSatisfy { $0.stride == 1 }
      && geometry.padBegin.allSatisfy { $0 == 0 }
  }

  private func fill(
    _ target: UnsafeMutablePointer<Float>, _ maps: Int, _ bias: UnsafePointer<Float>?
  ) {
    let count = geometry.outputCount
    Parallel.forEach(count: maps, grain: max(1, 65_536 / max(1, count))) { range in
      for map in range { (target + map * count).update(repeating: bias?[map] ?? 0, count: count) }
    }
  }

  /// Writes the elements that the results `results` see, one row for each channel and tap.
  private func gather(
    _ source: UnsafePointer<Float>, _ results: Range<Int>,
    into columns: UnsafeMutablePointer<Float>, stride: Int
  ) {
    let taps = geometry.kernelCount
    let kernel = geometry.axes.map(\.kernel)
    Parallel.forEach(count: shapes.inputChannelsPerGroup * taps, grain: 4) { rows in
      var offset = [Int](repeating: 0, count: geometry.rank)
      for row in rows {
        var rest = row % taps
        for axis in offset.indices.reversed() {
          offset[axis] =
            rest % kernel[axis] * geometry.axes[axis].dilation - geometry.padBegin[axis]
          rest /= kernel[axis]
        }
        gather(
          source + row / taps * geometry.inputCount, results, offset, into: columns + row * stride)
      }
    }
  }

  /// Writes the elements that one tap sees.
  private func gather(
    _ plane: UnsafePointer<Float>, _ results: Range<Int>, _ offset: [Int],
    into row: UnsafeMutablePointer<Float>
  ) {
    let last = geometry.rank - 1
    guard last >= 0 else {
      row[0] = plane[0]
      return
    }
    let width = geometry.output[last]
    var result = results.lowerBound
    while result < results.upperBound {
      let (line, column) = result.quotientAndRemainder(dividingBy: width)
      let count = min(width - column, results.upperBound - result)
      let target = row + (result - results.lowerBound)
      if let start = lineStart(line, offset) {
        copyLine(plane + start, column, count, offset[last], into: target)
      } else {
        target.update(repeating: 0, count: count)
      }
      result += count
    }
  }

  /// Where the input line lies that a tap sees from result line `line`; nil in the padding.
  @inline(__always)
  private func lineStart(_ line: Int, _ offset: [Int]) -> Int? {
    var rest = line
    var start = 0
    var stride = geometry.input[geometry.rank - 1]
    for axis in (0..<(geometry.rank - 1)).reversed() {
      let extent = geometry.output[axis]
      let place = rest % extent * geometry.axes[axis].stride + offset[axis]
      guard place >= 0, place < geometry.input[axis] else { return nil }
      start += place * stride
      stride *= geometry.input[axis]
      rest /= extent
    }
    return start
  }

  @inline(__always)
  private func copyLine(
    _ line: UnsafePointer<Float>, _ column: Int, _ count: Int, _ offset: Int,
    into target: UnsafeMutablePointer<Float>
  ) {
    let last = geometry.rank - 1
    let step = geometry.axes[last].stride
    let extent = geometry.input[last]
    let start = column * step + offset
    // The first result whose element is not before the line, and the first whose is behind it.
    let first = min(count, start < 0 ? (-start + step - 1) / step : 0)
    let past = max(first, min(count, start < extent ? (extent - start + step - 1) / step : 0))
    target.update(repeating: 0, count: first)
    if step == 1 {
      (target + first).update(from: line + start + first, count: past - first)
    } else {
      for index in first..<past { target[index] = line[start + index * step] }
    }
    (target + past).update(repeating: 0, count: count - past)
  }
}
