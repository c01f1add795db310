/// The type of a tensor's elements.
///
/// Raw values are those of `TensorProto.DataType` in ONNX; types that only safetensors has start
/// at 64.
public enum DType: UInt8, CaseIterable, Hashable, Sendable {
  case float32 = 1
  case uint8 = 2
  case int8 = 3
  case uint16 = 4
  case int16 = 5
  case int32 = 6
  case int64 = 7
  case string = 8
  case bool = 9
  case float16 = 10
  case float64 = 11
  case uint32 = 12
  case uint64 = 13
  case complex64 = 14
  case complex128 = 15
  case bfloat16 = 16
  /// 8 bits, 4 of exponent and 3 of mantissa, no infinities (`S1111111` is NaN).
  case float8e4m3fn = 17
  /// As `float8e4m3fn` with bias 8 and one NaN, at negative zero's place.
  case float8e4m3fnuz = 18
  /// 8 bits, 5 of exponent and 2 of mantissa, IEEE-like with infinities.
  case float8e5m2 = 19
  /// As `float8e5m2` with bias 16, no infinities, one NaN at negative zero's place.
  case float8e5m2fnuz = 20
  case uint4 = 21
  case int4 = 22
  /// 4 bits, 2 of exponent and 1 of mantissa, finite only.
  case float4e2m1 = 23
  /// 8 bits of exponent: a power of two, `0xFF` is NaN.
  case float8e8m0 = 24
  case uint2 = 25
  case int2 = 26
  /// 6 bits, 2 of exponent and 3 of mantissa (safetensors `F6_E2M3`).
  case float6e2m3 = 64
  /// 6 bits, 3 of exponent and 2 of mantissa (safetensors `F6_E3M2`).
  case float6e3m2 = 65
}

extension DType {
  /// The width of one element in files, in bits; 0 for strings, whose elements vary.
  public var bitWidth: Int {
    switch self {
    case .string: 0
    case .uint2, .int2: 2
    case .uint4, .int4, .float4e2m1: 4
    case .float6e2m3, .float6e3m2: 6
    case .bool, .uint8, .int8, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz,
      .float8e8m0:
      8
    case .uint16, .int16, .float16, .bfloat16: 16
    case .float32, .int32, .uint32: 32
    case .float64, .int64, .uint64, .complex64: 64
    case .complex128: 128
    }
  }

  /// Whether several elements share a byte in files.
  public var isSubByte: Bool { bitWidth > 0 && bitWidth < 8 }

  /// The width of one element in memory, in bytes: sub-byte elements take a byte each.
  public var byteWidth: Int { (bitWidth + 7) / 8 }

  /// How many bytes `elementCount` elements take in a file, the last byte padded with zero bits;
  /// nil for strings and where the count overflows.
  public func packedByteCount(elementCount: Int) -> Int? {
    guard bitWidth > 0 else { return nil }
    let (bits, overflow) = elementCount.multipliedReportingOverflow(by: bitWidth)
    guard !overflow, bits <= Int.max - 7 else { return nil }
    return (bits + 7) / 8
  }

  /// Whether the elements are real numbers in floating point.
  public var isFloatingPoint: Bool {
    switch self {
    case .float32, .float64, .float16, .bfloat16, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2,
      .float8e5m2fnuz, .float8e8m0, .float4e2m1, .float6e2m3, .float6e3m2:
      true
    default: false
    }
  }

  /// Whether the elements are integers (booleans are not).
  public var isInteger: Bool {
    switch self {
    case .uint8, .int8, .uint16, .int16, .int32, .int64, .uint32, .uint64, .uint4, .int4, .uint2,
      .int2:
      true
    default: false
    }
  }

  /// Whether negative integers can be held; false for types that are not integers.
  public var isSignedInteger: Bool {
    switch self {
    case .int8, .int16, .int32, .int64, .int4, .int2: true
    default: false
    }
  }

  /// The name used in messages, reports and the native format.
  public var name: String { "\(self)" }

  /// The type of that name, as `name` gives it.
  public init?(name: String) {
    guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = match
  }
}
