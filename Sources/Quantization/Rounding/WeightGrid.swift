import Kernels

/// The integers that the elements of a weight may become, and what they stand for.
struct WeightGrid {
  let layout: ScaleLayout
  let parameters: [ScaleParameters]
  let lowest: Int
  let highest: Int

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
    // QuantizeLinear saturates to the whole type; a symmetric scheme leaves its lowest out.
    guard lowest == -highest else { return }
    let lowest = Int8(lowest)
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
  func deviation(
    _ source: UnsafePointer<Float>, _ target: UnsafePointer<Int8>
  ) -> WeightDeviation {
    let rowsPerPart = max(1, (1 << 15) / max(layout.inner, 1))
    let partCount = (layout.rowCount + rowsPerPart - 1) / rowsPerPart
    var parts = [DeviationSum](repeating: DeviationSum(), count: partCount)
    parts.withUnsafeMutableBufferPointer { parts in
      Parallel.forEachIndex(count: partCount) { part in
        let rows = part * rowsPerPart..<min(layout.rowCount, (part + 1) * rowsPerPart)
        parts[part] = deviation(source, target, rows)
      }
    }
    return parts.reduce(into: DeviationSum()) { $0.merge($1) }.deviation
  }

  private func deviation(
    _ source: UnsafePointer<Float>, _ target: UnsafePointer<Int8>, _ rows: Range<Int>
  ) -> DeviationSum {
    var sum = DeviationSum()
    parameters.withUnsafeBufferPointer { parameters in
      for row in rows {
        let start = row * layout.inner
        let first = layout.firstScale(row: row)
        for index in 0..<layout.inner {
          let parameter = parameters[layout.isBlocked ? first + index : first]
          let integer = Float(Int(target[start + index]) - parameter.zeroPoint)
          sum.add(source[start + index], integer * parameter.scale)
        }
      }
    }
    return sum
  }
}
