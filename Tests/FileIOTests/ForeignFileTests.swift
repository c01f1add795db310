import FileIO
import Testing

@Suite struct ForeignFileTests {
  /// A header's length whose lowest bytes are those of a pickle's protocol: 0x0280 to 0x0580.
  @Test(arguments: UInt8(2)...5) func aSafetensorsLengthIsNoPickle(protocolNumber: UInt8) {
    for opening in ["{\"", " {\""] {
      let bytes = [0x80, protocolNumber, 0, 0, 0, 0, 0, 0] + Array(opening.utf8)
      #expect(ForeignFile.isSafetensors(bytes))
      #expect(ForeignFile.name(of: bytes) == nil)
    }
  }

  @Test func aPickleIsNamed() {
    let bytes: [UInt8] = [0x80, 4, 0x95, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x7D]
    #expect(ForeignFile.name(of: bytes) == "a Python pickle (save it as safetensors)")
  }
}
