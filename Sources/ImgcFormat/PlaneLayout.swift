import Tensors

/// How the elements of a type are split into byte planes.
struct PlaneLayout: Hashable, Sendable {
  /// The bytes of an element, and the number of planes: 1, 2, 4 or 8.
  let width: Int
  /// By how many bits each element is rotated left before the split.
  let rotate: Int

  /// Bytes as they are.
  static let bytes = PlaneLayout(width: 1, rotate: 0)

  init(width: Int, rotate: Int) {
    self.width = width
    self.rotate = rotate
  }

  /// The layout of `dtype`.
  init(_ dtype: DType) {
    switch dtype {
    case .float32, .complex64: self.init(width: 4, rotate: 1)
    case .float64, .complex128: self.init(width: 8, rotate: 1)
    case .float16, .bfloat16: self.init(width: 2, rotate: 1)
    case .int16, .uint16: self.init(width: 2, rotate: 0)
    case .int32, .uint32: self.init(width: 4, rotate: 0)
    case .int64, .uint64: self.init(width: 8, rotate: 0)
    default: self = .bytes
    }
  }

  /// Whether the format has such a layout.
  var isKnown: Bool { Self.known.contains(self) }

  private static let known: Set<PlaneLayout> = Set(DType.allCases.map(PlaneLayout.init))
}
