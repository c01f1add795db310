import FileIO
import Tensors

/// The numbers of a typed data field in their runs, read as elements.
struct NumberList: Sendable {
  private struct Run: Sendable {
    let offset: UInt64
    let byteCount: UInt64
    let isPacked: Bool
    /// The numbers in all runs before.
    let first: Int
    let count: Int
  }

  private let file: InputFile
  private let dtype: DType
  private let isFixedWidth: Bool
  private let runs: [Run]
  /// How many numbers there are.
  let count: Int

  /// The numbers of `runs`, all of one field of `file`.
  init(_ file: InputFile, _ runs: [PayloadRun], dtype: DType) {
    self.file = file
    self.dtype = dtype
    isFixedWidth = runs.allSatisfy { $0.field == .floatData || $0.field == .doubleData }
    var first = 0
    var kept: [Run] = []
    for run in runs {
      kept.append(
        Run(
          offset: run.offset, byteCount: run.byteCount, isPacked: run.isPacked, first: first,
          count: run.count))
      first += run.count
    }
    self.runs = kept
    count = first
  }

  /// How many numbers stand for the elements of a tensor of `dtype`.
  static func count(of dtype: DType, elementCount: Int, byteCount: Int) -> Int? {
    switch dtype {
    case .complex64, .complex128:
      let (count, overflow) = elementCount.multipliedReportingOverflow(by: 2)
      return overflow ? nil : count
    case .uint4, .int4, .float4e2m1, .uint2, .int2: return byteCount
    default: return elementCount
    }
  }
}

extension NumberList {
  /// How many bytes of the elements' file form one number gives.
  private var width: Int {
    switch dtype {
    case .complex64: 4
    case .complex128: 8
    default: dtype.byteWidth
    }
  }

  /// Elements of 6 bits stand in a number each, four of which give three bytes.
  private var isSixBit: Bool { dtype.bitWidth == 6 }

  /// Copies a range of the elements' file form into `buffer`.
  func read(
    at offset: Int, into buffer: UnsafeMutableRawBufferPointer, place: ONNXPlace
  ) throws(ONNXError) {
    var done = 0
    // In pieces, so that what is decoded at once stays small.
    while done < buffer.count {
      let position = offset + done
      let (numbers, skip) = span(from: position, byteCount: buffer.count - done)
      var bytes = try decode(numbers, place: place)
      if isSixBit { bytes = Self.packSixBit(bytes) }
      let piece = min(bytes.count - skip, buffer.count - done)
      guard piece > 0 else { return }
      UnsafeMutableRawBufferPointer(rebasing: buffer[done..<(done + piece)])
        .copyBytes(from: bytes[skip..<(skip + piece)])
      done += piece
    }
  }

  /// The numbers that give the bytes from `position` on, at most a run's worth, and how many of
  /// their bytes stand before it.
  private func span(from position: Int, byteCount: Int) -> (numbers: Range<Int>, skip: Int) {
    let (unitBytes, unitNumbers) = isSixBit ? (3, 4) : (width, 1)
    let first = position / unitBytes
    let last = min(
      (position + byteCount + unitBytes - 1) / unitBytes,
      first + TensorRecord.runLength / unitNumbers)
    let numbers = (first * unitNumbers)..<min(last * unitNumbers, count)
    return (numbers, position - first * unitBytes)
  }

  private func decode(_ numbers: Range<Int>, place: ONNXPlace) throws(ONNXError) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(numbers.count * width)
    var index = firstRun(holding: numbers.lowerBound)
    while index < runs.count, runs[index].first < numbers.upperBound {
      let run = runs[index]
      let wanted = numbers.clamped(to: run.first..<(run.first + run.count))
      if !wanted.isEmpty {
        if isFixedWidth, run.isPacked {
          try copyFixed(wanted, of: run, to: &bytes)
        } else {
          try decode(wanted, of: run, to: &bytes, place: place)
        }
      }
      index += 1
    }
    return bytes
  }

  private func firstRun(holding number: Int) -> Int {
    var low = 0
    var high = runs.count
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].first + runs[middle].count <= number {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }

  private func copyFixed(
    _ numbers: Range<Int>, of run: Run, to bytes: inout [UInt8]
  ) throws(ONNXError) {
    let offset = run.offset + UInt64((numbers.lowerBound - run.first) * width)
    do throws(FileIOError) {
      bytes += try file.bytes(at: offset, count: numbers.count * width)
    } catch {
      throw .file(error)
    }
  }

  private func decode(
    _ numbers: Range<Int>, of run: Run, to bytes: inout [UInt8], place: ONNXPlace
  ) throws(ONNXError) {
    let window = WireWindow(file, at: run.offset)
    let end = run.offset + run.byteCount
    let allowed = dtype.numberRange
    for number in run.first..<numbers.upperBound {
      if !run.isPacked { _ = try varint(window, end, place) }
      let value: UInt64
      if isFixedWidth {
        value = width == 4 ? UInt64(try window.fixed(UInt32.self)) : try window.fixed(UInt64.self)
      } else {
        value = try varint(window, end, place)
        try check(value, index: number, allowed: allowed, place: place)
      }
      guard number >= numbers.lowerBound else { continue }
      for byte in 0..<width {
        bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * byte)))
      }
    }
  }

  private func varint(
    _ window: WireWindow, _ end: UInt64, _ place: ONNXPlace
  ) throws(ONNXError) -> UInt64 {
    do throws(VarintFailure) {
      return try window.varint(before: end)
    } catch {
      throw error.error(at: place)
    }
  }

  private func check(
    _ value: UInt64, index: Int, allowed: ClosedRange<Int64>?, place: ONNXPlace
  ) throws(ONNXError) {
    let number = Int64(bitPattern: value)
    guard let allowed, !allowed.contains(number) else { return }
    throw .elementOutOfRange(
      place, index: index, expected: "\(allowed.lowerBound)...\(allowed.upperBound)",
      found: number)
  }

  /// Four elements of 6 bits, a byte each, as three bytes, lowest bits first.
  private static func packSixBit(_ elements: [UInt8]) -> [UInt8] {
    var packed = [UInt8](repeating: 0, count: (elements.count * 6 + 7) / 8)
    for (index, element) in elements.enumerated() {
      let bit = index * 6
      let field = UInt16(element & 0x3F) << UInt16(bit % 8)
      packed[bit / 8] |= UInt8(truncatingIfNeeded: field)
      if field > 0xFF { packed[bit / 8 + 1] |= UInt8(truncatingIfNeeded: field >> 8) }
    }
    return packed
  }
}

extension DType {
  /// What a number of `int32_data` or `uint64_data` may be for this type; nil where any will do.
  fileprivate var numberRange: ClosedRange<Int64>? {
    switch self {
    case .bool: 0...1
    case .int8: -128...127
    case .int16: -32768...32767
    case .int32: Int64(Int32.min)...Int64(Int32.max)
    case .uint32: 0...Int64(UInt32.max)
    case .uint16, .float16, .bfloat16: 0...65535
    case .uint8, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0: 0...255
    case .uint4, .int4, .float4e2m1, .uint2, .int2: 0...255
    case .float6e2m3, .float6e3m2: 0...63
    case .int64, .uint64, .string, .float32, .float64, .complex64, .complex128: nil
    }
  }

  /// The data field of `TensorProto` that holds this type's elements when `raw_data` does not.
  var payloadField: PayloadField {
    switch self {
    case .float32, .complex64: .floatData
    case .float64, .complex128: .doubleData
    case .int64: .int64Data
    case .uint32, .uint64: .uint64Data
    case .string: .stringData
    default: .int32Data
    }
  }

  /// The number of this type in `TensorProto.DataType`.
  var onnxNumber: Int {
    switch self {
    case .float6e2m3: 27
    case .float6e3m2: 28
    default: Int(rawValue)
    }
  }

  /// The type of that number in `TensorProto.DataType`; nil for 0 and for numbers not defined.
  init?(onnxNumber: Int) {
    switch onnxNumber {
    case 1...26: self.init(rawValue: UInt8(onnxNumber))
    case 27: self = .float6e2m3
    case 28: self = .float6e3m2
    default: return nil
    }
  }
}
