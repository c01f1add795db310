import CImgKernels

/// A constant matrix of 8-bit integers, packed once for integer products with it on the right: `[depth, columns]`.
///
/// Holds the sums that its zero points and those of the other operand need. The packing serves every instruction set.
public final class Int8Matrix: @unchecked Sendable {
  /// The dimension summed over.
  public let depth: Int
  /// The columns of the product.
  public let columns: Int
  let panels: OpaquePointer

  /// Packs bytes: element (d, c) at `data[d * depthStride + c * columnStride]`, int8 or uint8, meaning stored - zero
  /// point. `zeroPoints` holds none, one for all or one a column, each within the type's range.
  ///
  /// Throws `KernelError.shape` where `zeroPoints` has another count, `.outOfMemory` where memory is exhausted.
  public init(
    packing data: UnsafeRawPointer, isSigned: Bool, depth: Int, columns: Int, depthStride: Int,
    columnStride: Int, zeroPoints: [Int32] = []
  ) throws(KernelError) {
    try Self.check(zeroPoints, lanes: columns)
    let panels = zeroPoints.withUnsafeBufferPointer { zeros -> OpaquePointer? in
      var source = imgk_int8_source(
        side: IMGK_INT8_RIGHT, is_signed: isSigned ? 1 : 0, lanes: columns, depth: depth,
        data: data, lane_stride: columnStride, depth_stride: depthStride,
        zeros: zeros.baseAddress, zero_count: zeros.count)
      return imgk_int8_pack(&source)
    }
    guard let panels else {
      throw .outOfMemory(
        kernel: "Int8Matrix", byteCount: depth.multipliedReportingOverflow(by: columns).partialValue
      )
    }
    self.panels = panels
    self.depth = depth
    self.columns = columns
  }

  deinit { imgk_int8_panels_destroy(panels) }

  /// Bytes held.
  public var byteCount: Int { imgk_int8_panels_byte_count(panels) }

  static func check(_ zeroPoints: [Int32], lanes: Int) throws(KernelError) {
    guard zeroPoints.count <= 1 || zeroPoints.count == lanes else {
      throw .shape(
        kernel: "8-bit product", rule: "zero points are none, one, or one for each of \(lanes)",
        found: "\(zeroPoints.count)")
    }
  }

  /// C = epilogue(A · self): A `[rows, depth]` bytes, `aRowBytes` between rows; C with `cRowElements` between rows.
  ///
  /// `zeroPoints` of A: none, one, or one a row. C holds elements of `epilogue.result`. The integer sums are exact for
  /// depths up to 2^24, and the same on every instruction set and for every thread count.
  public func multiply(
    _ a: UnsafeRawPointer, isSigned: Bool, rows: Int, aRowBytes: Int? = nil,
    zeroPoints: [Int32] = [], into c: UnsafeMutableRawPointer, cRowElements: Int? = nil,
    epilogue: Int8Epilogue
  ) {
    precondition(zeroPoints.count <= 1 || zeroPoints.count == rows, "one zero point, or one a row")
    zeroPoints.withUnsafeBufferPointer { zeros in
      var product = imgk_int8_product(
        m: rows, a_is_signed: isSigned ? 1 : 0, a: a, a_row: aRowBytes ?? depth,
        a_zeros: zeros.baseAddress, a_zero_count: zeros.count, b: panels, c: c,
        c_row: cRowElements ?? columns, epilogue: epilogue.code)
      imgk_int8_product_run(&product)
    }
  }
}
