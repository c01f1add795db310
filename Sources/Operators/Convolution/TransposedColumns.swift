import Kernels
import Tensors

/// fp32 transposed convolutions: a block of input elements times the kernel gives columns, which are
/// added up where they belong.
struct TransposedColumns {
  let shapes: ConvolutionShapes
  /// The window that slides over the results and gives the input's extents.
  let geometry: WindowGeometry

  /// How many elements a block of columns holds at most.
  private static let blockLimit = 1 << 20

  /// Computes `output [N, M, O…]` from `input [N, C, D…]` and `weight [C, M / groups, k…]`.
  func run(
    input: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>, context: ExecutionContext
  ) throws {
    let maps = shapes.outputChannelsPerGroup
    let depth = shapes.inputChannelsPerGroup
    let rows = maps * geometry.kernelCount
    let count = geometry.outputCount
    let block = max(1, min(count, max(64, Self.blockLimit / max(1, rows))))
    let columns = try context.allocate(.float32, Shape(checking: [rows, block]))
    let places = positions()
    for image in 0..<shapes.batch {
      for group in 0..<shapes.groups {
        let source = input + (image * shapes.inputChannels + group * depth) * count
        let target =
          output + (image * shapes.outputChannels + group * maps) * geometry.inputCount
        for map in 0..<maps {
          (target + map * geometry.inputCount).update(
            repeating: bias?[group * maps + map] ?? 0, count: geometry.inputCount)
        }
        for first in stride(from: 0, to: count, by: block) {
          let part = first..<min(first + block, count)
          MatrixProduct(rows: rows, depth: depth, columns: part.count).run(
            .strided(weight + group * depth * rows, rowStride: 1, columnStride: rows),
            .strided(source + first, rowStride: count, columnStride: 1),
            into: columns.mutablePointer(), rowStride: block, accumulates: false)
          add(columns.pointer(), block, part, places, to: target)
        }
      }
    }
  }

  /// For each axis and input position, the place of the first tap among the results.
  private func positions() -> [[Int]] {
    geometry.axes.indices.map { axis in
      (0..<geometry.output[axis]).map {
        $0 * geometry.axes[axis].stride - geometry.padBegin[axis]
      }
    }
  }

  /// Adds the columns of the input elements `part` up, one result plane at a time.
  private func add(
    _ columns: UnsafePointer<Float>, _ stride: Int, _ part: Range<Int>, _ places: [[Int]],
    to target: UnsafeMutablePointer<Float>
  ) {
    let taps = geometry.kernelCount
    let last = geometry.rank - 1
    let width = geometry.output[last]
    let kernel = geometry.axes.map(\.kernel)
    Parallel.forEachIndex(count: shapes.outputChannelsPerGroup) { map in
      let plane = target + map * geometry.inputCount
      var offset = [Int](repeating: 0, count: geometry.rank)
      for tap in 0..<taps {
        var rest = tap
        for axis in offset.indices.reversed() {
          offset[axis] = rest % kernel[axis] * geometry.axes[axis].dilation
          rest /= kernel[axis]
        }
        let row = columns + (map * taps + tap) * stride
        var position = part.lowerBound
        while position < part.upperBound {
          let (line, column) = position.quotientAndRemainder(dividingBy: width)
          let count = min(width - column, part.upperBound - position)
          if let start = lineStart(line, offset, places) {
            let values = row + (position - part.lowerBound)
            for index in 0..<count {
              let place = places[last][column + index] + offset[last]
              if place >= 0, place < geometry.input[last] { plane[start + place] += values[index] }
            }
          }
          position += count
        }
      }
    }
  }

  /// Where the result line lies that a tap reaches from input line `line`; nil outside.
  private func lineStart(_ line: Int, _ offset: [Int], _ places: [[Int]]) -> Int? {
    var rest = line
    var start = 0
    var stride = geometry.input[geometry.rank - 1]
    for axis in (0..<(geometry.rank - 1)).reversed() {
      let place = places[axis][rest % geometry.output[axis]] + offset[axis]
      guard place >= 0, place < geometry.input[axis] else { return nil }
      start += place * stride
      stride *= geometry.input[axis]
      rest /= geometry.output[axis]
    }
    return start
  }
}
