import CImgKernels

/// A constant fp32 operand of products, or a stack of them, packed once for every instruction set.
public final class PackedMatrix: @unchecked Sendable {
  /// Which side of a product a matrix stands on.
  public enum Side: Sendable {
    /// A of A · B: its lanes are the result's rows.
    case left
    /// B of A · B: its lanes are the result's columns.
    case right
  }

  /// The side it was packed for.
  public let side: Side
  /// The result's rows (left) or columns (right).
  public let lanes: Int
  /// The dimension summed over.
  public let depth: Int
  /// How many matrices are stacked.
  public let count: Int
  let panels: OpaquePointer

  /// Packs `count` matrices: element (lane, d) of matrix i is at
  /// `data[i * matrixStride + lane * laneStride + d * depthStride]`. Extents are not negative.
  ///
  /// Throws `KernelError.outOfMemory`.
  public init(
    packing data: UnsafePointer<Float>, as side: Side, lanes: Int, depth: Int, laneStride: Int,
    depthStride: Int, count: Int = 1, matrixStride: Int = 0
  ) throws(KernelError) {
    var source = imgk_panels_source(
      side: side == .left ? IMGK_LEFT : IMGK_RIGHT, matrices: count, lanes: lanes, depth: depth,
      data: data, matrix_stride: matrixStride, lane_stride: laneStride, depth_stride: depthStride)
    guard let panels = imgk_panels_create(&source) else {
      let elements = lanes.multipliedReportingOverflow(by: depth).partialValue
      throw .outOfMemory(
        kernel: "PackedMatrix", byteCount: elements.multipliedReportingOverflow(by: 4).partialValue)
    }
    self.panels = panels
    self.side = side
    self.lanes = lanes
    self.depth = depth
    self.count = count
  }

  /// Packs `count` matrices of elements kept in a smaller type, laid out as in the other initializer with strides in
  /// elements. Products give the bits that the fp32 numbers they stand for would give.
  ///
  /// Throws `KernelError.shape` where the scales' rows are not those of the depths or there are no scales for integers,
  /// `.outOfMemory`.
  public init(
    storing elements: StoredElements, as side: Side, lanes: Int, depth: Int, laneStride: Int,
    depthStride: Int, count: Int = 1, matrixStride: Int = 0
  ) throws(KernelError) {
    let rows = elements.scaleLayout.rowOfDepth
    let isFloat = elements.type == .float16 || elements.type == .bfloat16
    guard rows.isEmpty || rows.count == depth, isFloat || elements.scales != nil else {
      throw .shape(
        kernel: "PackedMatrix",
        rule: "integers have scales, with a row for each of \(depth) depths",
        found: "\(rows.count) rows")
    }
    let panels = rows.withUnsafeBufferPointer { rows in
      var source = elements.source(rows: rows.baseAddress)
      source.side = side == .left ? IMGK_LEFT : IMGK_RIGHT
      (source.matrices, source.lanes, source.depth) = (count, lanes, depth)
      source.matrix_stride = matrixStride
      (source.lane_stride, source.depth_stride) = (laneStride, depthStride)
      return imgk_panels_create_stored(&source)
    }
    guard let panels else {
      throw .outOfMemory(
        kernel: "PackedMatrix", byteCount: lanes.multipliedReportingOverflow(by: depth).partialValue
      )
    }
    self.panels = panels
    self.side = side
    self.lanes = lanes
    self.depth = depth
    self.count = count
  }

  deinit { imgk_panels_destroy(panels) }

  /// Bytes held.
  public var byteCount: Int { imgk_panels_byte_count(panels) }
}
