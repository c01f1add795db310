import Kernels
import ModelGraph
import Operators
import Tensors

/// Takes rows of inputs of a product out of an activation: what each output is a sum over.
struct ActivationRows {
  let layer: ProductLayer
  let weight: Shape
  let matrix: WeightMatrix
  /// The most rows taken from one evaluation.
  let limit: Int

  /// Adds rows of `value` to `moments`; those of a larger activation are drawn evenly, one from each
  /// of `limit` equal runs, by `seed`.
  ///
  /// - Throws: `OperatorError` where the activation does not fit the layer.
  func add(_ value: Tensor, seed: UInt64, to moments: inout LayerMoments) throws {
    let value = try value.converted(to: .float32)
    guard value.elementCount > 0 else { return }
    switch layer.node.opType {
    case "Conv": try addWindows(value, seed, &moments)
    case "ConvTranspose": try addPixels(value, seed, &moments)
    default: try addVectors(value, seed, &moments)
    }
  }

  private func addWindows(
    _ value: Tensor, _ seed: UInt64, _ moments: inout LayerMoments
  ) throws {
    let windows = try ConvolutionWindows(node: layer.node, input: value.shape, weight: weight)
    let channels = value.shape[1] / windows.groups
    guard
      let patches = ConvolutionPatches(
        channels: channels, extent: windows.extent, kernel: windows.kernel,
        output: windows.output, strides: windows.strides, dilations: windows.dilations,
        padsBefore: windows.padsBefore)
    else { throw OperatorError.unsupported("calibrating over more than 3 spatial axes") }
    let perImage = windows.output.reduce(1, *)
    let pixels = windows.extent.reduce(1, *)
    for (image, positions) in draw(value.shape[0], perImage, seed) {
      for group in 0..<windows.groups {
        let start = (image * windows.groups + group) * channels * pixels
        add(positions.count, to: &moments.groups[group]) { rows in
          patches.copy(value.pointer() + start, positions: positions, into: rows)
        }
      }
    }
  }

  private func addPixels(_ value: Tensor, _ seed: UInt64, _ moments: inout LayerMoments) throws {
    guard value.shape.rank >= 2, value.shape[1] == matrix.depth * matrix.groups else {
      throw OperatorError.inputShape(
        index: 0, expected: "\(matrix.depth * matrix.groups) channels", found: value.shape)
    }
    let pixels = value.shape.elementCount(of: 2..<value.shape.rank)
    for (image, positions) in draw(value.shape[0], pixels, seed) {
      for group in 0..<matrix.groups {
        let start = (image * matrix.groups + group) * matrix.depth * pixels
        gather(
          value.pointer() + start, positions, rowStride: 1, columnStride: pixels,
          &moments.groups[group])
      }
    }
  }

  private func addVectors(_ value: Tensor, _ seed: UInt64, _ moments: inout LayerMoments) throws {
    let isTransposed = layer.node.integer("transA", default: 0) != 0
    let depth = isTransposed ? value.shape.dimensions.first : value.shape.dimensions.last
    guard depth == matrix.depth else {
      throw OperatorError.inputShape(
        index: layer.activationInput, expected: "\(matrix.depth) summed over", found: value.shape)
    }
    let count = value.elementCount / matrix.depth
    for (_, positions) in draw(1, count, seed) {
      gather(
        value.pointer(), positions, rowStride: isTransposed ? 1 : matrix.depth,
        columnStride: isTransposed ? count : 1, &moments.groups[0])
    }
  }
}

extension ActivationRows {
  private func gather(
    _ source: UnsafePointer<Float>, _ positions: [Int], rowStride: Int, columnStride: Int,
    _ moments: inout SecondMoments
  ) {
    let depth = matrix.depth
    add(positions.count, to: &moments) { rows in
      for (row, position) in positions.enumerated() {
        let from = source + position * rowStride
        let to = rows + row * depth
        for column in 0..<depth { to[column] = from[column * columnStride] }
      }
    }
  }

  private func add(
    _ count: Int, to moments: inout SecondMoments, fill: (UnsafeMutablePointer<Float>) -> Void
  ) {
    let rows = UnsafeMutablePointer<Float>.allocate(capacity: max(1, count * matrix.depth))
    defer { rows.deallocate() }
    fill(rows)
    moments.add(rows, count: count)
  }

  /// For each image the positions drawn among its `perImage`.
  private func draw(
    _ images: Int, _ perImage: Int, _ seed: UInt64
  ) -> [(image: Int, positions: [Int])] {
    let share = max(1, limit / max(images, 1))
    return (0..<images).map { image in
      let count = min(share, perImage)
      let positions = (0..<count).map { index in
        let begin = index * perImage / count
        let end = (index + 1) * perImage / count
        let random = seed.scrambled(UInt64(image) << 32 | UInt64(index))
        return begin + Int(random % UInt64(max(1, end - begin)))
      }
      return (image, positions)
    }
  }
}

extension UInt64 {
  /// A number that looks random, the same for the same two (the finalizer of SplitMix64).
  fileprivate func scrambled(_ other: UInt64) -> UInt64 {
    var z = (self &* 0x9E37_79B9_7F4A_7C15) &+ other &* 0xD1B5_4A32_D192_ED03
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
