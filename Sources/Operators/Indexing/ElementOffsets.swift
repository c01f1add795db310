import Tensors

/// Where in `data` each element of `indices` points, in elements from the first: the index replaces
/// the position along `axis`, the other positions stay (GatherElements, ScatterElements).
///
/// - Throws: `OperatorError.inputShape` where the ranks differ or another axis of `indices` is
///   longer than that of `data`, `.inputValue` for an index out of range.
func elementOffsets(_ data: Shape, _ indices: Shape, _ values: [Int], axis: Int) throws -> [Int] {
  guard indices.rank == data.rank,
    data.dimensions.indices.allSatisfy({ $0 == axis || indices[$0] <= data[$0] })
  else {
    throw OperatorError.inputShape(
      index: 1, expected: "extents of at most \(data) but for axis \(axis)", found: indices)
  }
  let strides = data.strides
  var position = [Int](repeating: 0, count: indices.rank)
  var offset = 0
  return try values.map { value in
    let place = try checkedIndex(value, extent: data[axis], input: 1)
    let result = offset + place * strides[axis]
    var moving = position.count - 1
    while moving >= 0 {
      position[moving] += 1
      if moving != axis { offset += strides[moving] }
      if position[moving] < indices[moving] { break }
      if moving != axis { offset -= strides[moving] * indices[moving] }
      position[moving] = 0
      moving -= 1
    }
    return result
  }
}

/// Where in `data` each tuple of `indices` (along its last axis) points, in elements from the first,
/// after `batch` leading axes that both share (GatherND, ScatterND).
///
/// - Throws: `OperatorError.inputShape` for tuples longer than the axes left, or batches that
///   differ; `.inputValue` for an index out of range.
func tupleOffsets(_ data: Shape, _ indices: Shape, _ values: [Int], batch: Int) throws -> [Int] {
  guard let length = indices.dimensions.last, batch >= 0, batch < indices.rank,
    batch <= data.rank, length <= data.rank - batch,
    data.dimensions[..<batch] == indices.dimensions[..<batch]
  else {
    throw OperatorError.inputShape(
      index: 1, expected: "index tuples into \(data) after \(batch) shared axes", found: indices)
  }
  let strides = data.strides
  let tuples = indices.elementCount(of: 0..<(indices.rank - 1))
  let batches = indices.elementCount(of: 0..<batch)
  let batchStride = batch == 0 ? 0 : strides[batch - 1]
  return try (0..<tuples).map { tuple in
    var offset = batches == 0 ? 0 : tuple / (tuples / batches) * batchStride
    for place in 0..<length {
      let index = try checkedIndex(
        values[tuple * length + place], extent: data[batch + place], input: 1)
      offset += index * strides[batch + place]
    }
    return offset
  }
}
