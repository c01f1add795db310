import Kernels
import Testing

@Suite struct PackedConvolutionTests {
  /// Plain loops, one fused multiply-add for each channel and tap in order; padding is multiplied as 0.
  static func reference(
    _ g: PackedConvolution.Geometry, _ x: [Float], batch: Int, _ height: Int, _ width: Int,
    _ w: [Float], _ bias: [Float]
  ) -> [Float] {
    let out = g.outputSize(height: height, width: width)
    let (channels, taps) = (g.channels / g.groups, g.kernel.height * g.kernel.width)
    var y: [Float] = []
    for map in 0..<batch * g.outputs {
      let (image, o) = map.quotientAndRemainder(dividingBy: g.outputs)
      let first = image * g.channels + o / (g.outputs / g.groups) * channels
      for i in 0..<out.height * out.width {
        var sum: Float = 0
        for k in 0..<channels * taps {
          let (c, t) = k.quotientAndRemainder(dividingBy: taps)
          let yy = i / out.width * g.stride.y + t / g.kernel.width * g.dilation.y - g.padding.top
          let xx = i % out.width * g.stride.x + t % g.kernel.width * g.dilation.x - g.padding.left
          let isInside = yy >= 0 && xx >= 0 && yy < height && xx < width
          let pixel = isInside ? x[((first + c) * height + yy) * width + xx] : 0
          sum.addProduct(w[o * channels * taps + k], pixel)
        }
        y.append(sum + bias[o])
      }
    }
    return y
  }

  @Test("every instruction set gives the reference's bits, whatever the window and the groups")
  func windows() throws {
    for (g, height, width) in Int8ConvolutionTests.geometries {
      let out = g.outputSize(height: height, width: width)
      guard out.height > 0, out.width > 0 else { continue }
      try expectSameBits(g, batch: 2, height, width)
    }
  }

  @Test("padding of one side, windows in the padding alone, kernels wider than the image")
  func padding() throws {
    var g = PackedConvolution.Geometry(channels: 3, outputs: 14, kernel: (2, 5))
    g.stride = (1, 3)
    g.padding = (0, 7, 3, 1)
    try expectSameBits(g, batch: 1, 4, 3)
    g.stride = (2, 2)
    g.padding = (3, 0, 0, 9)
    try expectSameBits(g, batch: 1, 4, 80)
  }

  @Test("depths beyond one block, results wider than one")
  func blocks() throws {
    var g = PackedConvolution.Geometry(channels: 31, outputs: 13, kernel: (3, 3))
    g.padding = (1, 1, 1, 1)
    try expectSameBits(g, batch: 1, 24, 24)
  }

  private func expectSameBits(
    _ g: PackedConvolution.Geometry, batch: Int, _ height: Int, _ width: Int
  ) throws {
    var numbers = NumberSamples(seed: 4)
    let depth = g.channels / g.groups * g.kernel.height * g.kernel.width
    let x = numbers.uniform(-1, 1, count: batch * g.channels * height * width)
    let w = numbers.uniform(-1, 1, count: g.outputs * depth)
    let bias = numbers.uniform(-1, 1, count: g.outputs)
    let expected = Self.reference(g, x, batch: batch, height, width, w, bias)
    let convolution = try PackedConvolution(packing: w, geometry: g)
    for isa in InstructionSet.supported {
      isa.forced {
        var found = [Float](repeating: .nan, count: expected.count)
        bias.withUnsafeBufferPointer { bias in
          convolution.run(
            x, batch: batch, height: height, width: width, into: &found,
            epilogue: ProductEpilogue(rowBias: bias.baseAddress))
        }
        #expect(sameBits(found, expected), "\(isa): \(g), \(height) × \(width)")
      }
    }
  }
}
