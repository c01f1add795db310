import CImgKernels
import Testing

@Suite struct DifferenceKernelTests {
  @Test("a difference and its inverse give the same bytes", arguments: [1, 2, 4, 8])
  func inverse(_ width: Int) {
    for count in PlanesTests.counts {
      for rotate in [0, 1, 5] {
        let values = PlanesTests.bytes(count * width, seed: 1)
        let base = PlanesTests.bytes(count * width, seed: 2)
        var found = [UInt8](repeating: 0, count: count * width)
        #expect(
          imgk_difference(values, base, count, Int32(width), Int32(rotate), &found) == 0)
        #expect(imgk_difference_undo(&found, base, count, Int32(width), Int32(rotate)) == 0)
        #expect(found == values, "width \(width), count \(count), rotate \(rotate)")
      }
    }
  }

  @Test("small differences of either sign are small numbers")
  func zigzag() {
    let values: [UInt16] = [10, 9, 8, 11, 12]
    let base = [UInt16](repeating: 10, count: 5)
    var found = [UInt16](repeating: 0, count: 5)
    values.withUnsafeBytes { values in
      base.withUnsafeBytes { base in
        found.withUnsafeMutableBytes { found in
          _ = imgk_difference(values.baseAddress, base.baseAddress, 5, 2, 0, found.baseAddress)
        }
      }
    }
    #expect(found == [0, 1, 3, 2, 4])
  }

  @Test("other widths and rotations are refused", arguments: [(3, 0), (0, 0), (4, 32), (4, -1)])
  func refuses(width: Int, rotate: Int) {
    var byte: UInt8 = 7
    #expect(imgk_difference([1], [1], 1, Int32(width), Int32(rotate), &byte) == -1)
    #expect(imgk_difference_undo(&byte, [1], 1, Int32(width), Int32(rotate)) == -1)
    #expect(byte == 7)
  }
}
