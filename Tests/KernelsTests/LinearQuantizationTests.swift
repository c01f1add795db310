import CImgKernels
import Kernels
import Testing

@Suite struct LinearQuantizationTests {
  struct Case: Sendable, CustomStringConvertible {
    let outer, axis, inner: Int
    let granularity: LinearQuantization.Granularity

    var scaleCount: Int {
      switch granularity {
      case .tensor: 1
      case .axis: axis
      case .block(let size): outer * ((axis + size - 1) / size) * inner
      }
    }

    var description: String { "[\(outer), \(axis), \(inner)] \(granularity)" }

    func code(_ element: LinearQuantization.Element) -> imgk_quantization {
      var code = imgk_quantization()
      (code.type, code.outer, code.axis, code.inner) = (element.code, outer, axis, inner)
      if case .block(let size) = granularity { code.block = size }
      code.scale_axis = granularity == .axis ? 1 : 0
      return code
    }
  }

  static let cases: [Case] =
    [(1, 1, 1), (3, 5, 1), (2, 40, 1), (2, 7, 33), (1, 3, 16), (1, 600, 1)]
    .flatMap { (outer, axis, inner) in
      [.tensor, .axis, .block(3), .block(16)].map {
        Case(outer: outer, axis: axis, inner: inner, granularity: $0)
      }
    } + [Case(outer: 1, axis: 2, inner: 40_000, granularity: .tensor)]

  static func real(_ numbers: inout NumberSamples) -> Float {
    switch numbers.next() % 50 {
    case 0: .nan
    case 1: .infinity
    case 2: -1e30
    default: numbers.uniform(-60, 60)
    }
  }

  @Test("integers and reals equal the reference, for every type, axis and block", arguments: cases)
  func matchesReference(_ shape: Case) {
    var numbers = NumberSamples(seed: 3)
    let count = shape.outer * shape.axis * shape.inner
    let x = (0..<count).map { _ in Self.real(&numbers) }
    let scales = numbers.uniform(0.01, 1, count: shape.scaleCount)
    for element in LinearQuantization.Element.allCases where element != .int32 {
      let zeros = (0..<shape.scaleCount).map { _ in Int32(numbers.next() % 2) }
      var code = shape.code(element)
      var expected = [UInt16](repeating: 0, count: count)
      var expectedReals = [Float](repeating: 0, count: count)
      scales.withUnsafeBufferPointer { scales in
        zeros.withUnsafeBufferPointer { zeros in
          guard let scale = scales.baseAddress else { return }
          (code.scales, code.zeros) = (scale, zeros.baseAddress)
          imgk_quantize_ref(&code, x, &expected)
          imgk_dequantize_ref(&code, expected, &expectedReals)
          let quantization = LinearQuantization(
            element, outer: shape.outer, axis: shape.axis, inner: shape.inner,
            granularity: shape.granularity, scales: scale, zeroPoints: zeros.baseAddress)
          for isa in InstructionSet.supported {
            isa.forced {
              var found = [UInt16](repeating: 0, count: count)
              var reals = [Float](repeating: 0, count: count)
              quantization.quantize(x, &found)
              quantization.dequantize(found, &reals)
              #expect(found == expected, "\(isa) \(element)")
              #expect(reals == expectedReals, "\(isa) \(element)")
            }
          }
        }
      }
    }
  }

  @Test("halves go to even, the ends saturate, NaN becomes the zero point")
  func rounding() {
    let x: [Float] = [0.5, 1.5, -0.5, -1.5, 300, -300, .nan, .infinity, -.infinity, -0.0]
    var found = [UInt8](repeating: 0, count: x.count)
    LinearQuantization.quantize(
      .uint8, scale: 1, zeroPoint: 10, x, &found, count: x.count)
    #expect(found == [10, 12, 10, 8, 255, 0, 10, 255, 0, 10])
  }

  @Test("a scale of 0 does not trap")
  func zeroScale() {
    var found = [Int8](repeating: 5, count: 3)
    LinearQuantization.quantize(.int8, scale: 0, [1, -1, 0], &found, count: 3)
    #expect(found == [127, -128, 0])
  }

  @Test("int32 biases are dequantized")
  func int32() {
    var found = [Float](repeating: 0, count: 2)
    LinearQuantization.dequantize(
      .int32, scale: 0.5, [Int32.max, -3] as [Int32], &found, count: 2)
    #expect(found == [0x1p30, -1.5])
  }

  @Test("dynamic quantization covers the range and 0, as ONNX DynamicQuantizeLinear")
  func dynamic() {
    let (scale, zero) = LinearQuantization.dynamicUInt8([0, 2, -3, -2.5, 1.34, 0.5], count: 6)
    #expect(scale == Float(5) / 255)
    #expect(zero == 153)
    #expect(
      LinearQuantization.dynamicUInt8([1, 2.1, 1.3, 2.5, 3.34, 4], count: 6) == (Float(4) / 255, 0))
    #expect(LinearQuantization.dynamicUInt8([0, 0], count: 2) == (1, 0))
    #expect(LinearQuantization.dynamicUInt8([1, .nan], count: 2).scale.isNaN)
  }
}
