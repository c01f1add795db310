import CImgKernels

/// Conversions between floating-point types over arrays, on the kernels' threads.
///
/// All round once, to the nearest, halves to even; subnormals and infinities are exact; NaN stays NaN, made quiet.
/// Numbers beyond a type's range become infinite unless said otherwise. The bits are the same on every instruction set.
/// 16-bit floats are given as their bits. Source and destination do not overlap.
public enum Conversion {
  /// A floating-point type of at most 8 bits, one element a byte: ONNX's fp8 and fp4 types, OCP's fp6.
  public enum SmallType: Sendable, CaseIterable {
    case float8e4m3fn, float8e4m3fnuz, float8e5m2, float8e5m2fnuz, float6e2m3, float6e3m2
    case float4e2m1

    package var code: imgk_small_type {
      switch self {
      case .float8e4m3fn: IMGK_F8E4M3FN
      case .float8e4m3fnuz: IMGK_F8E4M3FNUZ
      case .float8e5m2: IMGK_F8E5M2
      case .float8e5m2fnuz: IMGK_F8E5M2FNUZ
      case .float6e2m3: IMGK_F6E2M3
      case .float6e3m2: IMGK_F6E3M2
      case .float4e2m1: IMGK_F4E2M1
      }
    }
  }

  private static let grain = 65_536

  private static func each<Source, Destination>(
    _ source: UnsafePointer<Source>, _ destination: UnsafeMutablePointer<Destination>, _ count: Int,
    _ body: (UnsafePointer<Source>, UnsafeMutablePointer<Destination>, Int) -> Void
  ) {
    Parallel.forEach(count: count, grain: grain) { range in
      body(source + range.lowerBound, destination + range.lowerBound, range.count)
    }
  }

  /// fp32 to the bits of fp16.
  public static func float16(
    _ source: UnsafePointer<Float>, _ destination: UnsafeMutablePointer<UInt16>, count: Int
  ) {
    each(source, destination, count) { imgk_f32_to_f16($0, $1, $2) }
  }

  /// fp64 to the bits of fp16, rounded once.
  public static func float16(
    _ source: UnsafePointer<Double>, _ destination: UnsafeMutablePointer<UInt16>, count: Int
  ) {
    each(source, destination, count) { imgk_f64_to_f16($0, $1, $2) }
  }

  /// The bits of fp16 to fp32.
  public static func float32(
    fromFloat16 source: UnsafePointer<UInt16>, _ destination: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    each(source, destination, count) { imgk_f16_to_f32($0, $1, $2) }
  }

  /// fp32 to the bits of bf16.
  public static func bfloat16(
    _ source: UnsafePointer<Float>, _ destination: UnsafeMutablePointer<UInt16>, count: Int
  ) {
    each(source, destination, count) { imgk_f32_to_bf16($0, $1, $2) }
  }

  /// fp64 to the bits of bf16, rounded once.
  public static func bfloat16(
    _ source: UnsafePointer<Double>, _ destination: UnsafeMutablePointer<UInt16>, count: Int
  ) {
    each(source, destination, count) { imgk_f64_to_bf16($0, $1, $2) }
  }

  /// The bits of bf16 to fp32.
  public static func float32(
    fromBFloat16 source: UnsafePointer<UInt16>, _ destination: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    each(source, destination, count) { imgk_bf16_to_f32($0, $1, $2) }
  }

  /// fp64 to fp32.
  public static func float32(
    _ source: UnsafePointer<Double>, _ destination: UnsafeMutablePointer<Float>, count: Int
  ) {
    each(source, destination, count) { imgk_f64_to_f32($0, $1, $2) }
  }

  /// fp32 to a small type. Numbers beyond its range become its largest where `saturate` (always, where the type holds
  /// only finite numbers), else infinity or NaN, as the type has them (ONNX Cast-19). Where the type has no NaN, NaN
  /// becomes negative zero.
  public static func small(
    _ type: SmallType, saturate: Bool, _ source: UnsafePointer<Float>,
    _ destination: UnsafeMutablePointer<UInt8>, count: Int
  ) {
    each(source, destination, count) {
      imgk_f32_to_small(type.code, saturate ? 1 : 0, $0, $1, $2)
    }
  }

  /// As from fp32, from fp64, rounded once.
  public static func small(
    _ type: SmallType, saturate: Bool, _ source: UnsafePointer<Double>,
    _ destination: UnsafeMutablePointer<UInt8>, count: Int
  ) {
    each(source, destination, count) {
      imgk_f64_to_small(type.code, saturate ? 1 : 0, $0, $1, $2)
    }
  }

  /// A small type to fp32; bits of a byte beyond the type's width are ignored.
  public static func float32(
    from type: SmallType, _ source: UnsafePointer<UInt8>,
    _ destination: UnsafeMutablePointer<Float>, count: Int
  ) {
    each(source, destination, count) { imgk_small_to_f32(type.code, $0, $1, $2) }
  }
}

extension Conversion {
  /// Unpacks `count` integers of 4 or 2 bits, the first in the lowest bits of the first byte (ONNX), to a byte each,
  /// sign-extended where signed. `source` holds `count * width` bits rounded up to bytes.
  public static func unpack(
    width: Int, isSigned: Bool, _ source: UnsafePointer<UInt8>,
    _ destination: UnsafeMutablePointer<UInt8>, count: Int
  ) {
    precondition(width == 2 || width == 4, "2 or 4 bits")
    imgk_unpack_bits(source, Int32(width), isSigned ? 1 : 0, destination, count)
  }

  /// Packs the low 4 or 2 bits of `count` bytes: the inverse of `unpack`. The last byte's spare bits are 0.
  public static func pack(
    width: Int, _ source: UnsafePointer<UInt8>, _ destination: UnsafeMutablePointer<UInt8>,
    count: Int
  ) {
    precondition(width == 2 || width == 4, "2 or 4 bits")
    imgk_pack_bits(source, Int32(width), destination, count)
  }
}
