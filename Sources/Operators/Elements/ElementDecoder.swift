import Tensors

/// Reads elements of one type as Double or Int64.
struct ElementDecoder: Sendable {
  private let dtype: DType
  /// The numbers of all codes of a type of at most 8 bits; empty for wider types.
  private let table: [Float]

  /// A reader of elements of any type but strings and complex numbers.
  init(_ dtype: DType) {
    self.dtype = dtype
    if let format = SmallFloatFormat(dtype) {
      table = (0...255).map { format.decode(UInt8($0)) }
    } else if dtype == .float8e8m0 {
      table = (0...255).map { PowerOfTwoScale.decode(UInt8($0)) }
    } else {
      table = []
    }
  }

  /// Whether elements are read as Int64 (`uint64` by its bits), which holds every one exactly.
  var isExactInteger: Bool { dtype.isInteger || dtype == .bool }

  /// Reads the elements `range` as integers; the type must be one (or boolean).
  func decode(
    _ source: UnsafeRawPointer, _ range: Range<Int>, integers: UnsafeMutablePointer<Int64>
  ) {
    switch dtype {
    case .int8, .int4, .int2: widen(source, range, integers, as: Int8.self)
    case .int16: widen(source, range, integers, as: Int16.self)
    case .uint16: widen(source, range, integers, as: UInt16.self)
    case .int32: widen(source, range, integers, as: Int32.self)
    case .uint32: widen(source, range, integers, as: UInt32.self)
    case .int64, .uint64: widen(source, range, integers, as: Int64.self)
    default: widen(source, range, integers, as: UInt8.self)
    }
  }

  /// Reads the elements `range` as Double; 64-bit integers are rounded.
  func decode(
    _ source: UnsafeRawPointer, _ range: Range<Int>, reals: UnsafeMutablePointer<Double>
  ) {
    switch dtype {
    case .float32: read(source, range, reals) { (value: Float) in Double(value) }
    case .float64: read(source, range, reals) { (value: Double) in value }
    case .float16: read(source, range, reals) { (value: Float16) in Double(value) }
    case .bfloat16: read(source, range, reals) { (bits: UInt16) in Double(BFloat16.decode(bits)) }
    case .int8, .int4, .int2: read(source, range, reals) { (value: Int8) in Double(value) }
    case .uint8, .uint4, .uint2, .bool:
      read(source, range, reals) { (value: UInt8) in Double(value) }
    case .int16: read(source, range, reals) { (value: Int16) in Double(value) }
    case .uint16: read(source, range, reals) { (value: UInt16) in Double(value) }
    case .int32: read(source, range, reals) { (value: Int32) in Double(value) }
    case .uint32: read(source, range, reals) { (value: UInt32) in Double(value) }
    case .int64: read(source, range, reals) { (value: Int64) in Double(value) }
    case .uint64: read(source, range, reals) { (value: UInt64) in Double(value) }
    default:
      table.withUnsafeBufferPointer { table in
        read(source, range, reals) { (code: UInt8) in
          table.isEmpty ? .nan : Double(table[Int(code)])
        }
      }
    }
  }

  @inline(__always)
  private func widen<Stored: FixedWidthInteger>(
    _ source: UnsafeRawPointer, _ range: Range<Int>, _ target: UnsafeMutablePointer<Int64>,
    as type: Stored.Type
  ) {
    let elements = source.assumingMemoryBound(to: type) + range.lowerBound
    for index in 0..<range.count { target[index] = Int64(truncatingIfNeeded: elements[index]) }
  }

  @inline(__always)
  private func read<Stored>(
    _ source: UnsafeRawPointer, _ range: Range<Int>, _ target: UnsafeMutablePointer<Double>,
    _ decode: (Stored) -> Double
  ) {
    let elements = source.assumingMemoryBound(to: Stored.self) + range.lowerBound
    for index in 0..<range.count { target[index] = decode(elements[index]) }
  }
}
