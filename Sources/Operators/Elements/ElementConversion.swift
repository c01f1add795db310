import Kernels
import Tensors

/// The rules of a conversion that Cast's attributes choose.
struct ConversionRules: Sendable {
  /// Whether numbers beyond an fp8 type's range become its greatest number.
  var saturate = true
  /// The rounding to `float8e8m0`.
  var powerRounding = PowerRounding.up
}

extension Tensor {
  /// Writes the elements into `target`, of the same shape, converted to its type as ONNX Cast does:
  /// floats to the nearest (halves to even), floats to integers toward zero, integers to integers
  /// by their low bits, anything to a boolean by whether it differs from zero.
  ///
  /// Strings and complex numbers are not taken. A float out of an integer type's range gives that
  /// type's low bits of the 64-bit integer, which is `Int64.min` where even that is out of range.
  func convert(into target: Tensor, _ rules: ConversionRules = ConversionRules()) {
    precondition(target.elementCount == elementCount)
    if convertDirectly(into: target) { return }
    let source = UnsafeRawPointer(pointer(as: UInt8.self))
    let result = UnsafeMutableRawPointer(target.mutablePointer(as: UInt8.self))
    let encoder = ElementEncoder(target.dtype, rules)
    let decoder = ElementDecoder(dtype)
    Parallel.forEach(count: elementCount, grain: Broadcast.grain) { range in
      withUnsafeTemporaryAllocation(of: UInt64.self, capacity: conversionBlock) { block in
        guard let base = block.baseAddress else { return }
        var position = range.lowerBound
        while position < range.upperBound {
          let part = position..<min(position + conversionBlock, range.upperBound)
          if decoder.isExactInteger {
            let integers = UnsafeMutableRawPointer(base).assumingMemoryBound(to: Int64.self)
            decoder.decode(source, part, integers: integers)
            encoder.encode(integers, isUnsigned: dtype == .uint64, into: result, part)
          } else {
            let reals = UnsafeMutableRawPointer(base).assumingMemoryBound(to: Double.self)
            decoder.decode(source, part, reals: reals)
            encoder.encode(reals, into: result, part)
          }
          position = part.upperBound
        }
      }
    }
    withExtendedLifetime((self, target)) {}
  }

  /// The conversions worth a loop of their own.
  private func convertDirectly(into target: Tensor) -> Bool {
    let count = elementCount
    switch (dtype, target.dtype) {
    case (let own, let other) where own == other:
      (target.buffer.base + target.byteOffset).copyMemory(
        from: buffer.base + byteOffset, byteCount: byteCount)
    case (.float32, .float64):
      mapElements(pointer(), into: target.mutablePointer(), count: count, ToDouble())
    case (.float64, .float32):
      Conversion.float32(pointer(as: Double.self), target.mutablePointer(), count: count)
    case (.float32, .bfloat16):
      Conversion.bfloat16(pointer(as: Float.self), target.mutablePointer(), count: count)
    case (.float64, .bfloat16):
      Conversion.bfloat16(pointer(as: Double.self), target.mutablePointer(), count: count)
    case (.bfloat16, .float32):
      Conversion.float32(fromBFloat16: pointer(), target.mutablePointer(), count: count)
    case (.float32, .float16):
      Conversion.float16(
        pointer(as: Float.self), target.mutablePointer(as: UInt16.self), count: count)
    case (.float64, .float16):
      Conversion.float16(
        pointer(as: Double.self), target.mutablePointer(as: UInt16.self), count: count)
    case (.float16, .float32):
      Conversion.float32(
        fromFloat16: pointer(as: UInt16.self), target.mutablePointer(), count: count)
    case (.uint8, .float32):
      mapElements(pointer(), into: target.mutablePointer(), count: count, ToFloat<UInt8>())
    case (.int8, .float32):
      mapElements(pointer(), into: target.mutablePointer(), count: count, ToFloat<Int8>())
    case (.int32, .float32):
      mapElements(pointer(), into: target.mutablePointer(), count: count, ToFloat<Int32>())
    case (.int64, .float32):
      mapElements(pointer(), into: target.mutablePointer(), count: count, ToFloat<Int64>())
    case (.bool, .float32):
      mapElements(pointer(), into: target.mutablePointer(), count: count, ToFloat<UInt8>())
    default: return false
    }
    withExtendedLifetime((self, target)) {}
    return true
  }

  /// The elements converted to `dtype`: a new tensor, or this one where it has that type.
  ///
  /// - Throws: `TensorError.outOfMemory`, `.unsupportedType` for strings and complex numbers.
  func converted(to dtype: DType, _ rules: ConversionRules = ConversionRules()) throws -> Tensor {
    for type in [self.dtype, dtype] where !type.isConvertible {
      throw TensorError.unsupportedType(type, operation: "conversion")
    }
    if dtype == self.dtype { return self }
    let target = try Tensor(uninitialized: dtype, shape)
    convert(into: target, rules)
    return target
  }
}

/// An integer as the nearest Float.
private struct ToFloat<Integer: FixedWidthInteger & BitwiseCopyable>: ElementFunction {
  @inline(__always) func callAsFunction(_ x: Integer) -> Float { Float(x) }
}

/// A Float as a Double.
private struct ToDouble: ElementFunction {
  @inline(__always) func callAsFunction(_ x: Float) -> Double { Double(x) }
}

extension DType {
  /// Whether elements are real numbers or booleans.
  var isConvertible: Bool { isFloatingPoint || isInteger || self == .bool }
}

/// How many elements are converted at a time.
private let conversionBlock = 1024
