import CImgKernels

/// Elements in a smaller type that stand for fp32 numbers: integers with scales, or fp16 and bf16.
///
/// Integers mean (stored - zero point) · scale: the difference is exact, the product rounded to fp32 once, as ONNX's
/// DequantizeLinear has it. The pointers must be valid while a product is packed, and no longer.
public struct StoredElements {
  /// The stored type; 4-bit integers take a byte each here and half a byte once packed.
  public enum ElementType: Sendable {
    case uint8, int8, uint4, int4, float16, bfloat16

    var code: imgk_stored_type {
      switch self {
      case .uint8: IMGK_STORED_U8
      case .int8: IMGK_STORED_S8
      case .uint4: IMGK_STORED_U4
      case .int4: IMGK_STORED_S4
      case .float16: IMGK_STORED_F16
      case .bfloat16: IMGK_STORED_BF16
      }
    }
  }

  /// Where the scale of an element stands: at `matrix * matrixStride + lane * laneStride + row * rowStride`, in elements,
  /// with the row of the element's depth.
  public struct ScaleLayout: Sendable {
    public var matrixStride = 0
    public var laneStride = 0
    public var rowStride = 0
    /// The row of each depth; empty where all depths have row 0.
    public var rowOfDepth: [UInt32] = []

    /// One scale for all elements.
    public init() {}

    /// How many rows there are.
    public var rowCount: Int { Int(rowOfDepth.max() ?? 0) + 1 }
  }

  public var type: ElementType
  public var data: UnsafeRawPointer
  /// The scales; nil for floats.
  public var scales: UnsafePointer<Float>?
  /// The zero points, laid out as the scales; nil for zeros.
  public var zeroPoints: UnsafePointer<Int32>?
  public var scaleLayout = ScaleLayout()

  /// Elements at `data`, with their scales unless they are floats.
  public init(
    _ type: ElementType, _ data: UnsafeRawPointer, scales: UnsafePointer<Float>? = nil,
    zeroPoints: UnsafePointer<Int32>? = nil, scaleLayout: ScaleLayout = ScaleLayout()
  ) {
    self.type = type
    self.data = data
    self.scales = scales
    self.zeroPoints = zeroPoints
    self.scaleLayout = scaleLayout
  }

  /// The source's type, elements and scales, without its extents.
  func source(rows: UnsafePointer<UInt32>?) -> imgk_stored_source {
    var source = imgk_stored_source()
    source.type = type.code
    source.data = data
    source.scales = scales
    source.zeros = zeroPoints
    source.scale_matrix_stride = scaleLayout.matrixStride
    source.scale_lane_stride = scaleLayout.laneStride
    source.scale_row_stride = scaleLayout.rowStride
    source.row_count = scaleLayout.rowCount
    source.scale_rows = scaleLayout.rowOfDepth.isEmpty ? nil : rows
    return source
  }
}
