import Kernels
import Testing

@Suite struct WinogradTests {
  /// Winograd's sums of 3 × 3 windows over up to 80 channels of uniform numbers: measured 1.2e-6 of the largest
  /// result at worst; the plain sums' own errors are 3e-7.
  private static let tolerance: Float = 5e-6

  private struct Case {
    var channels: Int
    var outputs: Int
    var batch = 1
    var height: Int
    var width: Int
    var padding = (top: 1, left: 1, bottom: 1, right: 1)
    var repeats = 1

    var geometry: PackedConvolution.Geometry {
      var g = PackedConvolution.Geometry(channels: channels, outputs: outputs, kernel: (3, 3))
      g.padding = padding
      return g
    }
  }

  /// Blocks of a thread's own and shared ones, rows of tiles shorter and longer than a vector, odd extents,
  /// padding of one side, few outputs.
  private static let cases = [
    Case(channels: 32, outputs: 24, height: 64, width: 64),
    Case(channels: 17, outputs: 13, batch: 3, height: 19, width: 30),
    Case(channels: 40, outputs: 3, height: 67, width: 131),
    Case(channels: 80, outputs: 90, batch: 2, height: 16, width: 16),
    Case(channels: 16, outputs: 16, height: 21, width: 90, padding: (0, 2, 3, 0)),
    Case(channels: 16, outputs: 16, height: 40, width: 41, padding: (0, 0, 0, 0)),
    Case(channels: 16, outputs: 18, batch: 2, height: 17, width: 33, repeats: 2),
    Case(channels: 16, outputs: 18, height: 9, width: 7, padding: (2, 0, 0, 1), repeats: 3),
  ]

  private struct Operands {
    let x: [Float]
    let weights: [Float]
    let bias: [Float]
    let residual: [Float]
    let size: (height: Int, width: Int)

    init(_ c: Case) {
      var numbers = NumberSamples(seed: 9)
      size = c.geometry.outputSize(height: c.height * c.repeats, width: c.width * c.repeats)
      x = numbers.uniform(-1, 1, count: c.batch * c.channels * c.height * c.width)
      weights = numbers.uniform(-1, 1, count: c.outputs * c.channels * 9)
      bias = numbers.uniform(-1, 1, count: c.outputs)
      residual = numbers.uniform(
        -1, 1, count: c.batch * c.outputs * size.height * size.width)
    }
  }

  private func run(
    _ c: Case, _ o: Operands, _ convolution: PackedConvolution, allowsWinograd: Bool
  ) -> [Float] {
    var y = [Float](repeating: .nan, count: o.residual.count)
    o.bias.withUnsafeBufferPointer { bias in
      o.residual.withUnsafeBufferPointer { residual in
        convolution.run(
          o.x, batch: c.batch, height: c.height, width: c.width, into: &y,
          epilogue: ProductEpilogue(
            rowBias: bias.baseAddress, residual: residual.baseAddress, activation: .relu),
          repeats: c.repeats, allowsWinograd: allowsWinograd)
      }
    }
    return y
  }

  @Test("transformed convolutions agree with the plain ones, with bias, residual and activation")
  func accuracy() throws {
    for c in Self.cases {
      let operands = Operands(c)
      let convolution = try PackedConvolution(packing: operands.weights, geometry: c.geometry)
      let plain = run(c, operands, convolution, allowsWinograd: false)
      let found = run(c, operands, convolution, allowsWinograd: true)
      let largest = plain.reduce(0) { max($0, $1.magnitude) }
      let error = zip(plain, found).reduce(Float(0)) { max($0, ($1.0 - $1.1).magnitude) }
      #expect(error / largest < Self.tolerance, "\(c)")
      let isTransformed = !sameBits(plain, found)
      #expect(isTransformed, "the transforms pay: \(c)")
    }
  }

  @Test("every instruction set and thread count gives the same bits")
  func sameBitsEverywhere() throws {
    let threads = Parallel.threadCount
    defer { Parallel.threadCount = threads }
    for c in Self.cases {
      let operands = Operands(c)
      let convolution = try PackedConvolution(packing: operands.weights, geometry: c.geometry)
      let first = run(c, operands, convolution, allowsWinograd: true)
      for isa in InstructionSet.supported {
        for count in 1...2 {
          Parallel.threadCount = count
          let found = isa.forced { run(c, operands, convolution, allowsWinograd: true) }
          let isSame = sameBits(found, first)
          #expect(isSame, "\(isa), \(count) threads: \(c)")
        }
      }
    }
  }

  @Test("an image gives the same bits alone and among others")
  func batches() throws {
    var c = Self.cases[3]
    let operands = Operands(c)
    let convolution = try PackedConvolution(packing: operands.weights, geometry: c.geometry)
    let all = run(c, operands, convolution, allowsWinograd: true)
    c.batch = 1
    let one = run(c, operands, convolution, allowsWinograd: true)
    let count = all.count / 2
    let isSame = sameBits(Array(one.prefix(count)), Array(all.prefix(count)))
    #expect(isSame)
  }

  @Test("repeated pixels give what the enlarged image gives")
  func repeatedPixels() throws {
    for c in Self.cases where c.repeats > 1 {
      let operands = Operands(c)
      let convolution = try PackedConvolution(packing: operands.weights, geometry: c.geometry)
      var enlarged = c
      (enlarged.height, enlarged.width) = (c.height * c.repeats, c.width * c.repeats)
      enlarged.repeats = 1
      let planes = c.batch * c.channels
      let image = (0..<planes * enlarged.height * enlarged.width).map { index -> Float in
        let (row, x) = index.quotientAndRemainder(dividingBy: enlarged.width)
        let (plane, y) = row.quotientAndRemainder(dividingBy: enlarged.height)
        return operands.x[(plane * c.height + y / c.repeats) * c.width + x / c.repeats]
      }
      for allowsWinograd in [false, true] {
        var (expected, found) = (operands.residual, operands.residual)
        convolution.run(
          image, batch: c.batch, height: enlarged.height, width: enlarged.width,
          into: &expected, allowsWinograd: allowsWinograd)
        convolution.run(
          operands.x, batch: c.batch, height: c.height, width: c.width, into: &found,
          repeats: c.repeats, allowsWinograd: allowsWinograd)
        let isSame = sameBits(expected, found)
        #expect(isSame, "\(c), \(allowsWinograd)")
      }
    }
  }
}
