import CImgKernels
import Kernels
import Testing

extension Int8Convolution {
  /// Runs over an array of fp32, uint8 or int8, whose pointer outlives the call.
  fileprivate func run<Element, Sum: BitwiseCopyable>(
    _ x: [Element], _ image: (UnsafePointer<Element>) -> Image, batch: Int = 1, height: Int,
    width: Int, into found: inout [Sum], epilogue: Int8Epilogue
  ) throws {
    try x.withUnsafeBufferPointer { x in
      guard let start = x.baseAddress else { return }
      try run(
        image(start), batch: batch, height: height, width: width, into: &found,
        epilogue: epilogue)
    }
  }
}

@Suite struct Int8ConvolutionTests {
  /// Plain loops with 64-bit sums.
  static func reference(
    _ g: Int8Convolution.Geometry, _ x: [Int], _ height: Int, _ width: Int, _ w: [Int]
  ) -> [Int64] {
    let out = g.outputSize(height: height, width: width)
    let channels = g.channels / g.groups
    var y: [Int64] = []
    for o in 0..<g.outputs {
      let group = o / (g.outputs / g.groups)
      for i in 0..<out.height * out.width {
        var sum = 0
        for c in 0..<channels {
          for t in 0..<g.kernel.height * g.kernel.width {
            let yy = i / out.width * g.stride.y + t / g.kernel.width * g.dilation.y - g.padding.top
            let xx = i % out.width * g.stride.x + t % g.kernel.width * g.dilation.x - g.padding.left
            guard yy >= 0, xx >= 0, yy < height, xx < width else { continue }
            sum +=
              x[((group * channels + c) * height + yy) * width + xx]
              * w[(o * channels + c) * g.kernel.height * g.kernel.width + t]
          }
        }
        y.append(Int64(sum))
      }
    }
    return y
  }

  static var geometries: [(Int8Convolution.Geometry, Int, Int)] {
    var list: [(Int8Convolution.Geometry, Int, Int)] = []
    for (channels, outputs, groups, height, width) in [
      (3, 5, 1, 9, 7), (8, 9, 1, 6, 20), (6, 6, 3, 10, 11), (5, 5, 5, 8, 8), (4, 17, 1, 1, 70),
    ] {
      for (kernel, stride, dilation, padding) in [
        (1, 1, 1, 0), (3, 1, 1, 1), (3, 2, 1, 1), (3, 1, 2, 2), (2, 2, 1, 0),
      ] {
        var g = Int8Convolution.Geometry(
          channels: channels, outputs: outputs, kernel: (kernel, kernel), groups: groups)
        g.stride = (stride, stride)
        g.dilation = (dilation, dilation)
        g.padding = (padding, padding, padding, padding)
        list.append((g, height, width))
      }
    }
    return list
  }

  @Test("sums are exact on every instruction set, whatever the image and the weights hold")
  func exact() throws {
    for (g, height, width) in Self.geometries {
      let out = g.outputSize(height: height, width: width)
      guard out.height > 0, out.width > 0 else { continue }
      let x = PlanesTests.bytes(g.channels * height * width, seed: 1)
      let w = PlanesTests.bytes(
        g.outputs * g.channels / g.groups * g.kernel.height * g.kernel.width, seed: 2)
      let perOutput = w.count / g.outputs
      let zeros = (0..<g.outputs).map { Int32($0 * 7 % 256) }
      let unsigned = try Int8Convolution(
        packing: w, isSigned: false, geometry: g, zeroPoints: zeros)
      let signed = try Int8Convolution(packing: w, isSigned: true, geometry: g)
      let signedX = x.map { Int8(bitPattern: $0) }
      let first = Self.reference(
        g, x.map { Int($0) - 77 }, height, width,
        w.indices.map { Int(w[$0]) - Int(zeros[$0 / perOutput]) })
      let second = Self.reference(
        g, signedX.map { Int($0) + 7 }, height, width, w.map { Int(Int8(bitPattern: $0)) })
      for isa in InstructionSet.supported {
        try isa.forced {
          var found = [Int64](repeating: 1, count: first.count)
          try unsigned.run(
            x, { .uint8($0, zeroPoint: 77) }, height: height, width: width, into: &found,
            epilogue: Int8Epilogue(result: .int64))
          #expect(found == first, "\(isa) \(g)")
          try signed.run(
            signedX, { .int8($0, zeroPoint: -7) }, height: height, width: width, into: &found,
            epilogue: Int8Epilogue(result: .int64))
          #expect(found == second, "\(isa) \(g)")
        }
      }
    }
  }

  @Test(
    "fp32 images are quantized half to even, saturated, NaN as zero; images of a batch are apart")
  func quantizesImages() throws {
    let x: [Float] = [0, 0.5, 1.5, -0.5, 2.5, 300, -300, .nan, 1, 2, 3, 4]
    let identity = try Int8Convolution(
      packing: [1] as [UInt8], isSigned: true,
      geometry: .init(channels: 1, outputs: 1, kernel: (1, 1)))
    for isa in InstructionSet.supported {
      try isa.forced {
        var found = [Int32](repeating: 0, count: 12)
        try identity.run(
          x, { .float32($0, scale: 1, zeroPoint: 100) }, batch: 2, height: 2, width: 3,
          into: &found,
          epilogue: Int8Epilogue(result: .int32))
        #expect(found == [0, 0, 2, 0, 2, 155, -100, 0, 1, 2, 3, 4], "\(isa)")
      }
    }
  }

  @Test("bias, scales and residual belong to the output channels")
  func epilogue() throws {
    let convolution = try Int8Convolution(
      packing: [1, 2] as [UInt8], isSigned: true,
      geometry: .init(channels: 1, outputs: 2, kernel: (1, 1)))
    let residual: [Float] = [1, 2, 3, 4, 5, 6, 7, 8]
    var epilogue = Int8Epilogue(scale: 0.5)
    epilogue.residualRowElements = 2
    var found = [Float](repeating: 0, count: 8)
    try residual.withUnsafeBufferPointer { residual in
      try [Float]([1, 10]).withUnsafeBufferPointer { scales in
        try [Float]([100, 200]).withUnsafeBufferPointer { bias in
          epilogue.residual = residual.baseAddress
          epilogue.rowScales = scales.baseAddress
          epilogue.rowBias = bias.baseAddress
          try convolution.run(
            [2, 4, 6, 8] as [UInt8], { .uint8($0, zeroPoint: 0) }, batch: 2, height: 1, width: 2,
            into: &found,
            epilogue: epilogue)
        }
      }
    }
    #expect(found == [102, 104, 223, 244, 108, 110, 267, 288])
  }

  @Test("groups that do not divide the channels are refused")
  func refusesGroups() {
    #expect(throws: KernelError.self) {
      try Int8Convolution(
        packing: [0] as [UInt8], isSigned: true,
        geometry: .init(channels: 3, outputs: 2, kernel: (1, 1), groups: 2))
    }
  }
}
