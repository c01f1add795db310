import CImgKernels

/// Linear quantization of fp32 arrays: real = scale · (q - zero point) (ONNX QuantizeLinear, DequantizeLinear,
/// DynamicQuantizeLinear).
///
/// Quantizing gives saturate(round(x / scale) + zero point), halves to even; NaN becomes the zero point, infinities the
/// ends of the range, and a scale of 0 whatever the division gives: nothing traps. Dequantizing subtracts exactly and
/// multiplies in fp32. Both run on the kernels' threads and give the same bits on every instruction set.
public struct LinearQuantization {
  /// The integers' type in memory: 4- and 2-bit types take a byte an element.
  public enum Element: Sendable, CaseIterable {
    case uint8, int8, uint16, int16, uint4, int4, uint2, int2
    /// Dequantized only.
    case int32

    package var code: imgk_quantized_type {
      switch self {
      case .uint8: IMGK_QUANTIZED_U8
      case .int8: IMGK_QUANTIZED_S8
      case .uint16: IMGK_QUANTIZED_U16
      case .int16: IMGK_QUANTIZED_S16
      case .uint4: IMGK_QUANTIZED_U4
      case .int4: IMGK_QUANTIZED_S4
      case .uint2: IMGK_QUANTIZED_U2
      case .int2: IMGK_QUANTIZED_S2
      case .int32: IMGK_QUANTIZED_S32
      }
    }
  }

  /// How scales lie over a tensor `[outer, axis, inner]`.
  public enum Granularity: Sendable, Equatable {
    /// One scale.
    case tensor
    /// A scale for each place of the axis: `[axis]`.
    case axis
    /// A scale for each run of that many places: `[outer, axis / size rounded up, inner]`.
    case block(Int)
  }

  private var code = imgk_quantization()

  /// A quantization whose `scales` and `zeroPoints` (nil: zeros) outlive it; they hold as many elements as the
  /// granularity asks for.
  public init(
    _ element: Element, outer: Int, axis: Int, inner: Int, granularity: Granularity,
    scales: UnsafePointer<Float>, zeroPoints: UnsafePointer<Int32>? = nil
  ) {
    code.type = element.code
    (code.outer, code.axis, code.inner) = (outer, axis, inner)
    (code.scales, code.zeros) = (scales, zeroPoints)
    switch granularity {
    case .tensor: break
    case .axis: code.scale_axis = 1
    case .block(let size):
      precondition(size > 0, "a block holds at least one element")
      code.block = size
    }
  }

  /// Quantizes `count` elements with one scale and one zero point.
  public static func quantize(
    _ element: Element, scale: Float, zeroPoint: Int32 = 0, _ source: UnsafePointer<Float>,
    _ destination: UnsafeMutableRawPointer, count: Int
  ) {
    withUnsafePointer(to: scale) { scale in
      withUnsafePointer(to: zeroPoint) { zeroPoint in
        LinearQuantization(
          element, outer: 1, axis: 1, inner: count, granularity: .tensor, scales: scale,
          zeroPoints: zeroPoint
        ).quantize(source, destination)
      }
    }
  }

  /// Dequantizes `count` elements with one scale and one zero point.
  public static func dequantize(
    _ element: Element, scale: Float, zeroPoint: Int32 = 0, _ source: UnsafeRawPointer,
    _ destination: UnsafeMutablePointer<Float>, count: Int
  ) {
    withUnsafePointer(to: scale) { scale in
      withUnsafePointer(to: zeroPoint) { zeroPoint in
        LinearQuantization(
          element, outer: 1, axis: 1, inner: count, granularity: .tensor, scales: scale,
          zeroPoints: zeroPoint
        ).dequantize(source, destination)
      }
    }
  }

  /// Quantizes into elements of the type's memory width.
  public func quantize(_ source: UnsafePointer<Float>, _ destination: UnsafeMutableRawPointer) {
    precondition(code.type != IMGK_QUANTIZED_S32, "int32 is dequantized only")
    withUnsafePointer(to: code) { imgk_quantize($0, source, destination) }
  }

  /// Dequantizes to fp32.
  public func dequantize(_ source: UnsafeRawPointer, _ destination: UnsafeMutablePointer<Float>) {
    withUnsafePointer(to: code) { imgk_dequantize($0, source, destination) }
  }

  /// Scale and zero point that cover `count` elements with uint8, by ONNX DynamicQuantizeLinear-11: the range widened
  /// to hold 0, scale = (max - min) / 255, zero point = round(-min / scale) held to 0 ... 255.
  ///
  /// Where all elements are 0, or none: scale 1, zero point 0. Where one is NaN: scale NaN, zero point 0.
  public static func dynamicUInt8(
    _ source: UnsafePointer<Float>, count: Int
  ) -> (scale: Float, zeroPoint: UInt8) {
    var (lowest, highest): (Float, Float) = (0, 0)
    imgk_min_max(source, count, &lowest, &highest)
    guard !lowest.isNaN else { return (.nan, 0) }
    lowest = min(lowest, 0)
    highest = max(highest, 0)
    let scale = (highest - lowest) / 255
    guard scale > 0, scale.isFinite else { return (scale > 0 ? scale : 1, 0) }
    let zeroPoint = (-lowest / scale).rounded(.toNearestOrEven)
    return (scale, UInt8(min(max(zeroPoint, 0), 255)))
  }
}
