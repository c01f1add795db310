import COnnxSchema
import Tensors

/// Turns `SparseTensorProto` messages into stored tensors that read as dense ones.
struct SparseDecoder {
  /// Bytes that the dense tensor may have: it is claimed by extents alone.
  static let denseLimit = 64 * 1024 * 1024
  /// Bytes of indices, which are held in memory.
  static let indexLimit = 64 * 1024 * 1024

  /// Decodes the values and the indices.
  let tensors: TensorDecoder

  func decode(
    _ sparse: UnsafePointer<Onnx__SparseTensorProto>, name: String
  ) throws(ONNXError) -> StoredTensor {
    let unplaced = ONNXPlace(file: tensors.file.path, subject: "sparse tensor \(name)")
    guard let valuesMessage = sparse.pointee.values, let indicesMessage = sparse.pointee.indices
    else {
      throw .sparseShape(unplaced, expected: "values and indices", found: "one of them missing")
    }
    let values = try tensors.decode(valuesMessage, name: name)
    let indices = try tensors.decode(indicesMessage, name: "\(name) (indices)")
    let place = ONNXPlace(
      file: tensors.file.path, offset: values.place.offset, subject: "sparse tensor \(name)")
    let shape = try TensorDecoder.shape(
      numbers(sparse.pointee.n_dims, sparse.pointee.dims), place.field("dims"))
    let dtype = values.info.dtype
    guard dtype != .string, !dtype.isSubByte else {
      throw .unsupportedValue(place, found: "a sparse tensor of \(dtype.name)")
    }
    guard let info = try? TensorInfo(name: name, dtype: dtype, shape: shape) else {
      throw .sizeOverflow(place.field("dims"), dimensions: shape.dimensions.map(Int64.init))
    }
    guard info.byteCount <= Self.denseLimit else {
      throw .tensorTooLarge(place.field("dims"), limit: Self.denseLimit, found: info.byteCount)
    }
    let positions = try self.positions(indices, values: values, shape: shape, place)
    let payload = TensorPayload.sparse(
      SparseElements(positions: positions, values: SparseElements.SparseValues(values)))
    return StoredTensor(info: info, payload: payload, place: place)
  }

  private func positions(
    _ indices: StoredTensor, values: StoredTensor, shape: Shape, _ place: ONNXPlace
  ) throws(ONNXError) -> [Int] {
    let count = values.info.shape.elementCount
    let place = place.field("indices")
    guard values.info.shape.rank == 1, indices.info.dtype == .int64,
      indices.info.shape == [count] || indices.info.shape == [count, shape.rank]
    else {
      throw .sparseShape(
        place, expected: "values [count] and int64 indices [count] or [count, \(shape.rank)]",
        found: "values \(values.info.shape), \(indices.info.dtype.name) \(indices.info.shape)")
    }
    let numbers = try indices.tensor(limit: Self.indexLimit).array(of: Int64.self)
    let width = indices.info.shape.rank == 1 ? 1 : shape.rank
    let extents =
      width == 1 && indices.info.shape.rank == 1
      ? [shape.elementCount] : shape.dimensions
    var positions: [Int] = []
    positions.reserveCapacity(count)
    for element in 0..<count {
      var position = 0
      for axis in 0..<width {
        let index = numbers[element * width + axis]
        guard index >= 0, index < Int64(extents[axis]) else {
          throw .sparseOutOfRange(place, index: element, found: index)
        }
        position = position * extents[axis] + Int(index)
      }
      if let last = positions.last, position <= last {
        throw .sparseUnsorted(place, index: element)
      }
      positions.append(position)
    }
    return positions
  }
}
