import Kernels

/// The integers that the elements of a weight may become, and what they stand for.
struct WeightGrid {
  let layout: ScaleLayout
  let parameters: [ScaleParameters]
  let lowest: Int
  let highest: Int
  /// Whether some scale covers less than its elements.
  let isClipped: Bool

  /// Rounds every element to the nearest, on the kernels' threads.
  func round(_ source: UnsafePointer<Float>, into target: UnsafeMutablePointer<Int8>) {
    let scales = parameters.map(\.scale)
    let zeroPoints = parameters.map { Int32($0.zeroPoint) }
    scales.withUnsafeBufferPointer { scales in
      zeroPoints.withUnsafeBufferPointer { zeroPoints in
        guard let scales = scales.baseAddress, let zeroPoints = zeroPoints.baseAddress else {
          return
        }
        LinearQuantization(
          highest > 7 ? .int8 : .int4, outer: layout.outer, axis: layout.extent,
          inner: layout.inner,
          granularity: layout.isBlocked
            ? .block(layout.groupSize) : parameters.count == 1 ? .tensor : .axis,
          scales: scales, zeroPoints: zeroPoints
        ).quantize(source, target)
      }
    }
    // QuantizeLinear saturates to the whole type; a symmetric scheme leaves its lowest out, which a
    // range that covers its elements never reaches.
    guard lowest == -highest, isClipped else { return }
    let lowest = Int8(lowest)
    nonisolated(unsafe) let target = target
    let count = layout.outer * layout.extent * layout.inner
    Parallel.forEach(count: count, grain: 1 << 16) { range in
      for index in range where target[index] < lowest { target[index] = lowest }
    }
  }

  /// What the integer `value` at `offset` stands for.
  func real(_ value: Int8, at offset: Int) -> Float {
    let parameter = parameters[layout.scale(at: offset)]
    return Float(Int(value) - parameter.zeroPoint) * parameter.scale
  }

  /// How far the integers are from the original.
  func deviationSum(
    _ source: UnsafePointer<Float>, _ target: UnsafePointer<Int8>
  ) -> DeviationSum {
    let scales = parameters.map(\.scale)
    let zeroPoints = parameters.map { Int32($0.zeroPoint) }
    let rowsPerPart = max(1, (1 << 16) / max(layout.inner, 1))
    let partCount = (layout.rowCount + rowsPerPart - 1) / rowsPerPart
    var parts = [QuantizationDeviation](repeating: QuantizationDeviation(), count: partCount)
    parts.withUnsafeMutableBufferPointer { parts in
      Parallel.forEachIndex(count: partCount) { part in
        let rows = part * rowsPerPart..<min(layout.rowCount, (part + 1) * rowsPerPart)
        add(source, target, rows, scales, zeroPoints, to: &parts[part])
      }
    }
    return parts.reduce(into: DeviationSum()) { $0.merge($1) }
  }

  private func add(
    _ source: UnsafePointer<Float>, _ target: UnsafePointer<Int8>, _ rows: Range<Int>,
    _ scales: [Float], _ zeroPoints: [Int32], to deviation: inout QuantizationDeviation
  ) {
    scales.withUnsafeBufferPointer { scales in
      zeroPoints.withUnsafeBufferPointer { zeroPoints in
        guard let scales = scales.baseAddress, let zeroPoints = zeroPoints.baseAddress else {
          return
        }
        var row = rows.lowerBound
        while row < rows.upperBound {
          let start = row * layout.inner
          let first = layout.firstScale(row: row)
          let hasNeighbours = layout.inner == 1 && !layout.isBlocked
          // Single elements have neighbouring scales up to the end of the axis.
          let count =
            hasNeighbours
            ? min(rows.upperBound - row, layout.extent - row % layout.extent) : layout.inner
          deviation.add(
            source + start, target + start, count: count, scales: scales + first,
            zeroPoints: zeroPoints + first, isPerElement: layout.isBlocked || hasNeighbours)
          row += hasNeighbours ? count : 1
        }
      }
    }
  }
}
