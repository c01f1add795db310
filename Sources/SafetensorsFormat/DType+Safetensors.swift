import Tensors

extension DType {
  /// The format's element types with their codes, in the format's order of alignment.
  static let safetensorsCodes: [(code: String, dtype: DType)] = [
    ("BOOL", .bool), ("F4", .float4e2m1), ("F6_E2M3", .float6e2m3), ("F6_E3M2", .float6e3m2),
    ("U8", .uint8), ("I8", .int8), ("F8_E5M2", .float8e5m2), ("F8_E4M3", .float8e4m3fn),
    ("F8_E8M0", .float8e8m0), ("F8_E4M3FNUZ", .float8e4m3fnuz),
    ("F8_E5M2FNUZ", .float8e5m2fnuz), ("I16", .int16), ("U16", .uint16), ("F16", .float16),
    ("BF16", .bfloat16), ("I32", .int32), ("U32", .uint32), ("F32", .float32),
    ("C64", .complex64), ("F64", .float64), ("I64", .int64), ("U64", .uint64),
  ]

  private static let byCode = Dictionary(uniqueKeysWithValues: safetensorsCodes.map { $0 })

  /// The element type of a code, which is case-sensitive.
  init?(safetensorsCode code: String) {
    guard let dtype = Self.byCode[code] else { return nil }
    self = dtype
  }

  /// The code; nil for types that the format lacks.
  var safetensorsCode: String? {
    Self.safetensorsCodes.first { $0.dtype == self }?.code
  }
}
