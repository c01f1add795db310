import CImgKernels
import Kernels
import Testing

@Suite struct PlanesTests {
  static let counts = Array(0...33) + [63, 127, 1023]

  static func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
  }

  @Test("planes equal the reference and join to the same bytes", arguments: [1, 2, 4, 8])
  func splitsAndJoins(width: Int) {
    for isa in InstructionSet.supported {
      isa.forced {
        for count in Self.counts {
          for rotate in [0, 1, 5, 8 * width - 1] where rotate < 8 * width {
            let source = Self.bytes(count * width, seed: UInt64(count + width))
            var planes = [UInt8](repeating: 0, count: count * width)
            var expected = planes
            var joined = planes
            #expect(imgk_planes_split(source, count, Int32(width), Int32(rotate), &planes) == 0)
            _ = imgk_planes_split_ref(source, count, Int32(width), Int32(rotate), &expected)
            #expect(planes == expected, "\(isa) count \(count) rotate \(rotate)")
            #expect(imgk_planes_join(planes, count, Int32(width), Int32(rotate), &joined) == 0)
            #expect(joined == source, "\(isa) count \(count) rotate \(rotate)")
          }
        }
      }
    }
  }

  @Test("rotating by one bit makes the exponent of fp32 the top plane")
  func exponentPlane() {
    let values: [Float] = [1, -1, 0.5, 3e38, -Float.leastNonzeroMagnitude, .infinity]
    var planes = [UInt8](repeating: 0, count: 4 * values.count)
    values.withUnsafeBytes {
      _ = imgk_planes_split($0.baseAddress, values.count, 4, 1, &planes)
    }
    #expect(Array(planes[(3 * values.count)...]) == [127, 127, 126, 254, 0, 255])
  }

  @Test("other widths and rotations are refused", arguments: [(3, 0), (0, 0), (4, 32), (4, -1)])
  func refuses(width: Int, rotate: Int) {
    var byte: UInt8 = 7
    #expect(imgk_planes_split([1], 1, Int32(width), Int32(rotate), &byte) == -1)
    #expect(imgk_planes_join([1], 1, Int32(width), Int32(rotate), &byte) == -1)
    #expect(byte == 7)
  }

  @Test("the histogram counts every byte and adds to what is there")
  func histogram() {
    for count in Self.counts {
      let source = Self.bytes(count, seed: 5)
      var counts = [UInt64](repeating: 1, count: 256)
      var expected = counts
      imgk_histogram(source, count, &counts)
      imgk_histogram_ref(source, count, &expected)
      #expect(counts == expected)
    }
  }
}
