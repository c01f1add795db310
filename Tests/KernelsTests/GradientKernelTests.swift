import CImgKernels
import Kernels
import Testing

@Suite struct GradientKernelTests {
  /// Sums of some hundred products of numbers of order 1, in fp32.
  static let tolerance: Float = 0x1p-15

  @Test("filters' gradients are close to the reference, whatever the window and the groups")
  func filters() throws {
    for (g, height, width) in Int8ConvolutionTests.geometries {
      let out = g.outputSize(height: height, width: width)
      guard out.height > 0, out.width > 0 else { continue }
      try expectClose(g, batch: 3, height, width)
    }
  }

  @Test("blocks of channels, padding of one side, a kernel wider than the image")
  func edges() throws {
    var g = PackedConvolution.Geometry(channels: 37, outputs: 26, kernel: (3, 3))
    g.padding = (1, 1, 1, 1)
    try expectClose(g, batch: 2, 7, 9)
    g = PackedConvolution.Geometry(channels: 3, outputs: 14, kernel: (2, 5))
    g.stride = (1, 3)
    g.padding = (0, 7, 3, 1)
    try expectClose(g, batch: 1, 4, 3)
  }

  private func expectClose(
    _ g: PackedConvolution.Geometry, batch: Int, _ height: Int, _ width: Int
  ) throws {
    var numbers = NumberSamples(seed: 5)
    let out = g.outputSize(height: height, width: width)
    let x = numbers.uniform(-1, 1, count: batch * g.channels * height * width)
    let dy = numbers.uniform(-1, 1, count: batch * g.outputs * out.height * out.width)
    let count = g.outputs * g.channels / g.groups * g.kernel.height * g.kernel.width
    var expected = [Float](repeating: .nan, count: count)
    x.withUnsafeBufferPointer { x in
      var c = imgk_convolution()
      (c.batch, c.groups) = (batch, g.groups)
      (c.channels, c.outputs) = (g.channels / g.groups, g.outputs / g.groups)
      (c.height, c.width) = (height, width)
      (c.kernel_height, c.kernel_width) = g.kernel
      (c.stride_y, c.stride_x) = g.stride
      (c.dilation_y, c.dilation_x) = g.dilation
      (c.pad_top, c.pad_left) = (g.padding.top, g.padding.left)
      (c.out_height, c.out_width) = out
      c.x = x.baseAddress
      imgk_filter_gradient_ref(&c, dy, &expected)
    }
    var first: [Float] = []
    for isa in InstructionSet.supported {
      try isa.forced {
        var found = [Float](repeating: .nan, count: count)
        try FilterGradient.run(
          x, gradient: dy, batch: batch, height: height, width: width, geometry: g, into: &found)
        let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
        #expect(worst <= Self.tolerance, "\(isa): \(g), \(height) × \(width)")
        if first.isEmpty { first = found }
        #expect(sameBits(found, first), "\(isa): \(g), \(height) × \(width)")
      }
    }
  }

  @Test(
    "group normalisation's gradient is close to the reference",
    arguments: [(1, 1), (2, 2), (6, 3), (4, 4)])
  func groups(channels: Int, groups: Int) {
    for pixels in [1, 15, 33, 256, 1023] {
      var numbers = NumberSamples(seed: UInt64(pixels))
      let x = numbers.uniform(1, 3, count: 2 * channels * pixels)
      let dy = numbers.uniform(-1, 1, count: x.count)
      let gamma = numbers.uniform(0.5, 1.5, count: channels)
      var expected = x
      // An epsilon of the variance's order: a single pixel has no variance.
      imgk_group_norm_gradient_ref(x, dy, &expected, 2, channels, pixels, groups, gamma, 0.1)
      NormalizationTests.expectClose(
        underEveryInstructionSet {
          var found = x
          Normalization.groupGradient(
            x, gradient: dy, batch: 2, channels: channels, pixels: pixels, groups: groups,
            scale: gamma, epsilon: 0.1, sourceGradient: &found, scaleGradient: nil,
            biasGradient: nil)
          return found
        }, expected)
    }
  }

  @Test("SiLU's gradient is close to the reference and the same on every instruction set")
  func silu() {
    var numbers = NumberSamples(seed: 9)
    for count in NumberSamples.lengths {
      let (dy, x) = (numbers.uniform(-2, 2, count: count), numbers.uniform(-9, 9, count: count))
      var expected = dy
      imgk_binary_ref(IMGK_BINARY_SILU_GRADIENT, dy, 1, x, 1, &expected, count)
      NormalizationTests.expectClose(
        underEveryInstructionSet {
          var found = dy
          VectorMath.apply(.siluGradient, dy, x, &found, count: count)
          return found
        }, expected)
    }
  }
}
