import Kernels
import Tensors

/// The blocks of `Q8_0`: 32 elements x become d = max |x| / 127, stored in fp16, and
/// q = round(x / d) with halves away from zero, d taken before its rounding to fp16 (ggml's
/// `quantize_row_q8_0_ref`). A block of zeros has d = 0.
enum Q8Block {
  /// The blocks of `count` elements, a multiple of 32.
  static func encode(_ source: UnsafePointer<Float>, count: Int) -> [UInt8] {
    let blocks = count / 32
    return [UInt8](unsafeUninitializedCapacity: blocks * 34) { buffer, filled in
      if let target = buffer.baseAddress {
        nonisolated(unsafe) let target = target
        nonisolated(unsafe) let source = source
        Parallel.forEach(count: blocks, grain: 256) { range in
          for block in range { encode(source + block * 32, into: target + block * 34) }
        }
      }
      filled = blocks * 34
    }
  }

  private static func encode(
    _ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<UInt8>
  ) {
    var largest: Float = 0
    for index in 0..<32 { largest = max(largest, abs(source[index])) }
    var scale = largest / 127
    let inverse = scale > 0 ? 1 / scale : 0
    var bits: UInt16 = 0
    Conversion.float16(&scale, &bits, count: 1)
    target[0] = UInt8(truncatingIfNeeded: bits)
    target[1] = UInt8(truncatingIfNeeded: bits >> 8)
    for index in 0..<32 {
      let integer = (source[index] * inverse).rounded(.toNearestOrAwayFromZero)
      let bounded = integer.isNaN ? 0 : min(max(integer, -127), 127)
      target[index + 2] = UInt8(bitPattern: Int8(bounded))
    }
  }
}
