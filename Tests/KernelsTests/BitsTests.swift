import CImgKernels
import Kernels
import Testing

@Suite struct BitsTests {
  @Test("4- and 2-bit integers unpack as the reference does and pack again", arguments: [2, 4])
  func packs(width: Int) {
    for count in NumberSamples.lengths {
      let byteCount = (count * width + 7) / 8
      let packed = PlanesTests.bytes(byteCount, seed: UInt64(count))
      for isSigned in [false, true] {
        var expected = [UInt8](repeating: 0, count: count)
        imgk_unpack_bits_ref(packed, Int32(width), isSigned ? 1 : 0, &expected, count)
        for isa in InstructionSet.supported {
          isa.forced {
            var found = [UInt8](repeating: 0, count: count)
            var again = [UInt8](repeating: 0xFF, count: byteCount)
            var wanted = again
            Conversion.unpack(width: width, isSigned: isSigned, packed, &found, count: count)
            Conversion.pack(width: width, found, &again, count: count)
            imgk_pack_bits_ref(found, Int32(width), &wanted, count)
            #expect(found == expected, "\(isa) \(count)")
            #expect(again == wanted, "\(isa) \(count)")
          }
        }
      }
    }
  }

  @Test("the first element is in the lowest bits; signed ones are sign-extended")
  func order() {
    var found = [UInt8](repeating: 0, count: 3)
    Conversion.unpack(width: 4, isSigned: true, [0x8F, 0x07], &found, count: 3)
    #expect(found == [0xFF, 0xF8, 7])
    var packed: [UInt8] = [9, 9]
    Conversion.pack(width: 4, found, &packed, count: 3)
    #expect(packed == [0x8F, 0x07])
    Conversion.unpack(width: 2, isSigned: false, [0b11_10_01], &found, count: 3)
    #expect(found == [1, 2, 3])
  }
}
