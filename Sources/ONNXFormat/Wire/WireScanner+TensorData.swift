extension WireScanner {
  /// Notes where a tensor's data field stands, and skips it.
  func recordPayload(
    _ payload: PayloadField, _ field: WireField, isPacked: Bool, _ record: Int, _ frame: Frame
  ) throws(ONNXError) {
    guard field.kind.isPackable else {
      let length = try self.length(within: frame.end)
      try append(
        PayloadRun(
          field: payload, offset: window.position, byteCount: length, count: 1, isPacked: true),
        to: record)
      return window.skip(length)
    }
    guard isPacked else { return try recordSingle(payload, field, record, frame) }
    let length = try self.length(within: frame.end)
    if let width = try fixedWidth(of: field, length: length) {
      try append(
        PayloadRun(
          field: payload, offset: window.position, byteCount: length,
          count: Int(length) / width, isPacked: true), to: record)
      return window.skip(length)
    }
    try recordVarints(payload, end: window.position + length, record)
  }

  /// Counts a packed list of varints, in runs of `TensorRecord.runLength`.
  private func recordVarints(
    _ payload: PayloadField, end: UInt64, _ record: Int
  ) throws(ONNXError) {
    while window.position < end {
      let start = window.position
      var count = 0
      while count < TensorRecord.runLength, window.position < end {
        _ = try varint(before: end)
        count += 1
      }
      try append(
        PayloadRun(
          field: payload, offset: start, byteCount: window.position - start, count: count,
          isPacked: true), to: record)
    }
  }

  /// Takes one number with its tag, together with those of the same field right before it.
  private func recordSingle(
    _ payload: PayloadField, _ field: WireField, _ record: Int, _ frame: Frame
  ) throws(ONNXError) {
    switch field.kind {
    case .fixed32:
      try require(4, within: frame.end)
      window.skip(4)
    case .fixed64:
      try require(8, within: frame.end)
      window.skip(8)
    default: _ = try varint()
    }
    // Numbers of tensors are many and cheap: they do not count as fields.
    fieldCount -= 1
    let size = window.position - tagOffset
    let last = skeleton.records[record].runs.count - 1
    if last >= 0 {
      let run = skeleton.records[record].runs[last]
      if run.field == payload, !run.isPacked, run.offset + run.byteCount == tagOffset,
        run.count < TensorRecord.runLength
      {
        skeleton.records[record].runs[last].byteCount += size
        skeleton.records[record].runs[last].count += 1
        return
      }
    }
    try append(
      PayloadRun(field: payload, offset: tagOffset, byteCount: size, count: 1, isPacked: false),
      to: record)
  }

  private func append(_ run: PayloadRun, to record: Int) throws(ONNXError) {
    runCount += 1
    guard runCount <= limits.runs else { throw tooLarge("runs of tensor data", limits.runs) }
    skeleton.records[record].runs.append(run)
  }
}
