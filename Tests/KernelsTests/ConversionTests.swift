import CImgKernels
import Kernels
import Testing

@Suite struct ConversionTests {
  /// Numbers of every kind, many of them on or beside the borders between neighbours of 8 and 16 bits.
  static let sample: [Float] = {
    var list = NumberSamples.bitPatterns(step: 65_536 * 9 + 4096)
    for bits in stride(from: UInt32(0), to: 0xFFFF_0000, by: 1 << 18) {
      for offset: UInt32 in [0, 0x0FFF, 0x1000, 0x1001, 0x3000, 0x7FFF, 0x8000, 0x8001] {
        list.append(Float(bitPattern: bits + offset))
      }
    }
    return list
  }()

  static func isNaN16(_ bits: UInt16, _ infinity: UInt16) -> Bool { bits & 0x7FFF > infinity }

  static func convert<Source, Result: FixedWidthInteger>(
    _ source: [Source], _ body: ([Source], UnsafeMutablePointer<Result>, Int) -> Void
  ) -> [Result] {
    var result = [Result](repeating: 99, count: source.count)
    body(source, &result, source.count)
    return result
  }

  @Test("fp32 to fp16 and bf16 round once, halves to even, on every instruction set")
  func narrows() {
    let x = Self.sample
    for isa in InstructionSet.supported {
      isa.forced {
        let half: [UInt16] = Self.convert(x) { Conversion.float16($0, $1, count: $2) }
        let brain: [UInt16] = Self.convert(x) { Conversion.bfloat16($0, $1, count: $2) }
        for (i, value) in x.enumerated() {
          let (h, b) = (imgk_f16_ref(Double(value)), imgk_bf16_ref(Double(value)))
          if half[i] != h, !(value.isNaN && Self.isNaN16(half[i], 0x7C00)) {
            Issue.record("\(isa): fp16 of \(value) is \(half[i]), not \(h)")
          }
          if brain[i] != b, !(value.isNaN && Self.isNaN16(brain[i], 0x7F80)) {
            Issue.record("\(isa): bf16 of \(value) is \(brain[i]), not \(b)")
          }
        }
      }
    }
  }

  @Test(
    "65519.996 becomes fp16's largest, 65520 infinity, 2^-25 zero and a little more its smallest")
  func bordersOfHalf() {
    let x: [Float] = [65519.996, 65520, -65520, 0x1p-25, 0x1.000002p-25, -0.0]
    let bits: [UInt16] = Self.convert(x) { Conversion.float16($0, $1, count: $2) }
    #expect(bits == [0x7BFF, 0x7C00, 0xFC00, 0, 1, 0x8000])
  }

  @Test("fp64 is rounded once, not by way of fp32")
  func narrowsDoubles() {
    var x: [Double] = Self.sample.flatMap { value -> [Double] in
      let d = Double(value)
      return [d, d.nextUp, d.nextDown]
    }
    // Rounded to fp32 first, this would fall on a half and go to even.
    x.append(1 + 0x1p-11 + 0x1p-40)
    x += [1e300, -1e300, 1e-300, 3.4028235677973366e38]
    let small = Conversion.SmallType.float8e4m3fn
    for isa in InstructionSet.supported {
      isa.forced {
        let half: [UInt16] = Self.convert(x) { Conversion.float16($0, $1, count: $2) }
        let brain: [UInt16] = Self.convert(x) { Conversion.bfloat16($0, $1, count: $2) }
        let eight: [UInt8] = Self.convert(x) {
          Conversion.small(small, saturate: false, $0, $1, count: $2)
        }
        for (i, value) in x.enumerated() where !value.isNaN {
          if half[i] != imgk_f16_ref(value) { Issue.record("\(isa): fp16 of \(value)") }
          if brain[i] != imgk_bf16_ref(value) { Issue.record("\(isa): bf16 of \(value)") }
          if eight[i] != imgk_small_ref(small.code, 0, value) {
            Issue.record("\(isa): fp8 of \(value)")
          }
        }
      }
    }
    #expect(imgk_f16_ref(1 + 0x1p-11 + 0x1p-40) == 0x3C01)
  }

  @Test("every fp16 and bf16 number goes to fp32 and back")
  func widens() {
    let bits = (0...UInt16.max).map { $0 }
    for isa in InstructionSet.supported {
      isa.forced {
        var wide = [Float](repeating: 0, count: bits.count)
        Conversion.float32(fromFloat16: bits, &wide, count: bits.count)
        let half: [UInt16] = Self.convert(wide) { Conversion.float16($0, $1, count: $2) }
        Conversion.float32(fromBFloat16: bits, &wide, count: bits.count)
        let brain: [UInt16] = Self.convert(wide) { Conversion.bfloat16($0, $1, count: $2) }
        let halfDiffers = bits.filter { half[Int($0)] != $0 && half[Int($0)] != $0 | 0x200 }
        let brainDiffers = bits.filter { brain[Int($0)] != $0 && brain[Int($0)] != $0 | 0x40 }
        #expect(halfDiffers.isEmpty && brainDiffers.isEmpty, "\(isa)")
      }
    }
  }

  @Test(
    "small types equal the reference, saturating or not", arguments: Conversion.SmallType.allCases)
  func smallTypes(type: Conversion.SmallType) {
    let x = Self.sample
    for saturate in [false, true] {
      let expected = x.map { imgk_small_ref(type.code, saturate ? 1 : 0, Double($0)) }
      for isa in InstructionSet.supported {
        isa.forced {
          let found: [UInt8] = Self.convert(x) {
            Conversion.small(type, saturate: saturate, $0, $1, count: $2)
          }
          #expect(found == expected, "\(isa), saturate \(saturate)")
        }
      }
    }
  }

  @Test(
    "every number of a small type goes to fp32 and back", arguments: Conversion.SmallType.allCases)
  func smallRoundTrip(type: Conversion.SmallType) {
    let mask: UInt8 =
      switch type {
      case .float4e2m1: 0x0F
      case .float6e2m3, .float6e3m2: 0x3F
      default: 0xFF
      }
    let codes = (0...UInt8.max).map { $0 }
    var wide = [Float](repeating: 0, count: 256)
    Conversion.float32(from: type, codes, &wide, count: 256)
    let back: [UInt8] = Self.convert(wide) {
      Conversion.small(type, saturate: false, $0, $1, count: $2)
    }
    let differ = codes.filter { !wide[Int($0)].isNaN && back[Int($0)] != $0 & mask }
    #expect(differ.isEmpty)
  }

  @Test("the largest numbers are those of the formats")
  func largest() {
    for (type, largest) in [
      (Conversion.SmallType.float8e4m3fn, Float(448)), (.float8e4m3fnuz, 240),
      (.float8e5m2, 57344), (.float8e5m2fnuz, 57344), (.float6e2m3, 7.5), (.float6e3m2, 28),
      (.float4e2m1, 6),
    ] {
      var code: UInt8 = 0
      var value: Float = 0
      Conversion.small(type, saturate: true, [Float.infinity], &code, count: 1)
      Conversion.float32(from: type, [code], &value, count: 1)
      #expect(value == largest)
    }
  }

  @Test("tails are converted and nothing beyond them", arguments: NumberSamples.lengths)
  func tails(count: Int) {
    let x = [Float](repeating: 1.5, count: count)
    var half = [UInt16](repeating: 7, count: count + 3)
    Conversion.float16(x, &half, count: count)
    #expect(half == [UInt16](repeating: 0x3E00, count: count) + [7, 7, 7])
  }
}
