extension WireScanner {
  func varint() throws(ONNXError) -> UInt64 {
    try varint(before: frames[frames.count - 1].end)
  }

  func varint(before end: UInt64) throws(ONNXError) -> UInt64 {
    do throws(VarintFailure) {
      return try window.varint(before: end)
    } catch {
      throw error.error(at: place())
    }
  }

  /// A length whose bytes lie before `end`.
  func length(within end: UInt64) throws(ONNXError) -> UInt64 {
    let length = try varint()
    guard length < 1 << 31 else { throw .lengthTooLarge(place(), found: length) }
    try require(length, within: end)
    return length
  }

  func require(_ byteCount: UInt64, within end: UInt64) throws(ONNXError) {
    let available = end - window.position
    guard byteCount <= available else {
      throw .lengthPastEnd(place(), available: available, found: byteCount)
    }
  }

  /// The width of a packed field's elements, of which `length` must be a multiple; nil for varints.
  func fixedWidth(of field: WireField, length: UInt64) throws(ONNXError) -> Int? {
    let width: Int
    switch field.kind {
    case .fixed32: width = 4
    case .fixed64: width = 8
    default: return nil
    }
    guard length % UInt64(width) == 0 else {
      throw .packedLength(place(), width: width, found: length)
    }
    return width
  }

  func check(_ value: UInt64, fits field: WireField) throws(ONNXError) {
    guard field.kind == .varint32 else { return }
    let number = Int64(bitPattern: value)
    guard Int32(exactly: number) != nil else {
      throw .valueOutOfRange(place(), expected: "a 32-bit number", found: "\(number)")
    }
  }

  func checkSkeletonSize(adding byteCount: UInt64 = 0) throws(ONNXError) {
    guard UInt64(skeleton.bytes.count) + byteCount <= UInt64(limits.skeletonBytes) else {
      throw tooLarge("bytes besides tensors", limits.skeletonBytes)
    }
  }

  func tooLarge(_ what: String, _ limit: Int) -> ONNXError {
    .structureTooLarge(place(), what: what, limit: limit)
  }

  func place() -> ONNXPlace {
    var names: [String] = []
    for (outer, frame) in zip(frames, frames.dropFirst()) {
      names.append(name(at: frame.position, in: outer.message) ?? "group \(frame.group)")
    }
    if let field = name(at: current, in: frames.last?.message) { names.append(field) }
    let shown = names.count <= 12 ? names : names.prefix(6) + ["…"] + names.suffix(5)
    return ONNXPlace(
      file: path, offset: tagOffset, field: shown.isEmpty ? nil : shown.joined(separator: "."))
  }

  private func name(at position: Int?, in message: Int?) -> String? {
    guard let position, let message else { return nil }
    return schema.messages[message].fieldNames[position]
  }

  static func wireTypeName(_ wireType: Int) -> String {
    switch wireType {
    case 0: "0 (varint)"
    case 1: "1 (64 bits)"
    case 2: "2 (length-delimited)"
    case 3: "3 (group)"
    default: "5 (32 bits)"
    }
  }
}
