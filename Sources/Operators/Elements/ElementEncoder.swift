import Tensors

/// Writes Double or Int64 values as elements of one type.
struct ElementEncoder: Sendable {
  private let dtype: DType
  private let format: SmallFloatFormat?
  private let rules: ConversionRules

  /// A writer of elements of any type but strings and complex numbers.
  init(_ dtype: DType, _ rules: ConversionRules = ConversionRules()) {
    self.dtype = dtype
    self.rules = rules
    format = SmallFloatFormat(dtype)
  }

  /// Writes `reals` as the elements `range`.
  func encode(
    _ reals: UnsafePointer<Double>, into target: UnsafeMutableRawPointer, _ range: Range<Int>
  ) {
    switch dtype {
    case .float32: write(reals, target, range) { Float($0) }
    case .float64: write(reals, target, range) { $0 }
    case .float16: write(reals, target, range) { Float16($0) }
    case .bfloat16: write(reals, target, range) { BFloat16.encode($0) as UInt16 }
    case .int8: write(reals, target, range) { Int8(truncatingIfNeeded: Self.truncated($0)) }
    case .uint8: write(reals, target, range) { UInt8(truncatingIfNeeded: Self.truncated($0)) }
    case .int16: write(reals, target, range) { Int16(truncatingIfNeeded: Self.truncated($0)) }
    case .uint16: write(reals, target, range) { UInt16(truncatingIfNeeded: Self.truncated($0)) }
    case .int32: write(reals, target, range) { Self.truncated32($0) }
    case .uint32: write(reals, target, range) { UInt32(truncatingIfNeeded: Self.truncated($0)) }
    case .int64: write(reals, target, range) { Self.truncated($0) }
    case .uint64: write(reals, target, range) { Self.truncatedUnsigned($0) }
    case .bool: write(reals, target, range) { ($0 != 0 ? 1 : 0) as UInt8 }
    case .int4, .uint4, .int2, .uint2:
      write(reals, target, range) { Self.low(Self.truncated($0), dtype) }
    case .float8e8m0:
      write(reals, target, range) {
        PowerOfTwoScale.encode($0, rules.powerRounding, saturate: rules.saturate)
      }
    default:
      guard let format else { return }
      write(reals, target, range) { format.encode($0, saturate: rules.saturate) }
    }
  }

  /// Writes `integers` as the elements `range`; `isUnsigned` says that they are bits of `UInt64`.
  func encode(
    _ integers: UnsafePointer<Int64>, isUnsigned: Bool, into target: UnsafeMutableRawPointer,
    _ range: Range<Int>
  ) {
    switch dtype {
    case .int8, .uint8: write(integers, target, range) { UInt8(truncatingIfNeeded: $0) }
    case .int16, .uint16: write(integers, target, range) { UInt16(truncatingIfNeeded: $0) }
    case .int32, .uint32: write(integers, target, range) { UInt32(truncatingIfNeeded: $0) }
    case .int64, .uint64: write(integers, target, range) { $0 }
    case .bool: write(integers, target, range) { ($0 != 0 ? 1 : 0) as UInt8 }
    case .int4, .uint4, .int2, .uint2: write(integers, target, range) { Self.low($0, dtype) }
    case .float32 where isUnsigned:
      write(integers, target, range) { Float(UInt64(bitPattern: $0)) }
    case .float32: write(integers, target, range) { Float($0) }
    default:
      withUnsafeTemporaryAllocation(of: Double.self, capacity: range.count) { reals in
        guard let base = reals.baseAddress else { return }
        for index in 0..<range.count {
          base[index] =
            isUnsigned ? Double(UInt64(bitPattern: integers[index])) : Double(integers[index])
        }
        encode(base, into: target, range)
      }
    }
  }

  /// `value` toward zero; `Int64.min` where it does not fit.
  @inline(__always)
  private static func truncated(_ value: Double) -> Int64 {
    value > -0x1p63 && value < 0x1p63 ? Int64(value) : .min
  }

  /// `value` toward zero; `Int32.min` where it does not fit.
  @inline(__always)
  private static func truncated32(_ value: Double) -> Int32 {
    value > -0x1p31 - 1 && value < 0x1p31 ? Int32(value) : .min
  }

  @inline(__always)
  private static func truncatedUnsigned(_ value: Double) -> UInt64 {
    value >= 0x1p63 && value < 0x1p64 ? UInt64(value) : UInt64(bitPattern: truncated(value))
  }

  /// The low bits of `value` as a sub-byte integer, sign-extended where the type is signed.
  @inline(__always)
  private static func low(_ value: Int64, _ dtype: DType) -> UInt8 {
    let unused = UInt8(8 - dtype.bitWidth)
    let shifted = UInt8(truncatingIfNeeded: value) << unused
    return dtype.isSignedInteger
      ? UInt8(bitPattern: Int8(bitPattern: shifted) >> Int8(unused)) : shifted >> unused
  }

  @inline(__always)
  private func write<Value, Stored>(
    _ values: UnsafePointer<Value>, _ target: UnsafeMutableRawPointer, _ range: Range<Int>,
    _ encode: (Value) -> Stored
  ) {
    let elements = target.assumingMemoryBound(to: Stored.self) + range.lowerBound
    for index in 0..<range.count { elements[index] = encode(values[index]) }
  }
}
