import CImgKernels

/// Elementwise arithmetic over fp32 arrays, on the kernels' threads.
public enum VectorMath {
  /// A function of two fp32 numbers; all but `power` are rounded correctly.
  public enum BinaryFunction: Sendable {
    case add, subtract, multiply, divide
    /// NaN where either is NaN.
    case minimum, maximum
    /// a^b as IEEE's pow, 1 ulp.
    case power
    /// a, or a b where a is below 0.
    case prelu
    /// a times the derivative of SiLU at b.
    case siluGradient

    var code: imgk_binary_op {
      switch self {
      case .add: IMGK_BINARY_ADD
      case .subtract: IMGK_BINARY_SUB
      case .multiply: IMGK_BINARY_MUL
      case .divide: IMGK_BINARY_DIV
      case .minimum: IMGK_BINARY_MIN
      case .maximum: IMGK_BINARY_MAX
      case .power: IMGK_BINARY_POW
      case .prelu: IMGK_BINARY_PRELU
      case .siluGradient: IMGK_BINARY_SILU_GRADIENT
      }
    }
  }

  /// How an operand of `rows` × `columns` elements is laid out.
  public enum Broadcast: Sendable {
    /// All elements, row by row.
    case full
    /// One row of `columns` elements, used for every row (a bias after a product).
    case row
    /// One element a row (a bias over channels).
    case column
    /// One element.
    case scalar

    /// The distances between rows and between the elements of a row.
    func steps(columns: Int) -> (row: Int, element: Int) {
      switch self {
      case .full: (columns, 1)
      case .row: (0, 1)
      case .column: (1, 0)
      case .scalar: (0, 0)
      }
    }
  }

  /// Elements a thread takes at a time: enough to be worth waking it.
  static let grain = 16_384

  /// destination[i] = function(source[i]) for i < count. `destination` may be `source`.
  public static func apply(
    _ function: ElementwiseFunction, _ source: UnsafePointer<Float>,
    _ destination: UnsafeMutablePointer<Float>, count: Int
  ) {
    let (op, alpha, beta) = function.kernel
    Parallel.forEach(count: count, grain: grain) { range in
      imgk_unary(
        op, source + range.lowerBound, destination + range.lowerBound, range.count, alpha, beta)
    }
  }

  /// destination[i] = function(a[i], b[i]) for i < count. `destination` may be `a` or `b`.
  public static func apply(
    _ function: BinaryFunction, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ destination: UnsafeMutablePointer<Float>, count: Int
  ) {
    Parallel.forEach(count: count, grain: grain) { range in
      let first = range.lowerBound
      imgk_binary(function.code, a + first, 1, b + first, 1, destination + first, range.count)
    }
  }

  /// destination[i] = function(a[i], b) for i < count. `destination` may be `a`.
  public static func apply(
    _ function: BinaryFunction, _ a: UnsafePointer<Float>, scalar b: Float,
    _ destination: UnsafeMutablePointer<Float>, count: Int
  ) {
    Parallel.forEach(count: count, grain: grain) { range in
      let first = range.lowerBound
      withUnsafePointer(to: b) {
        imgk_binary(function.code, a + first, 1, $0, 0, destination + first, range.count)
      }
    }
  }

  /// destination[i] = function(a, b[i]) for i < count. `destination` may be `b`.
  public static func apply(
    _ function: BinaryFunction, scalar a: Float, _ b: UnsafePointer<Float>,
    _ destination: UnsafeMutablePointer<Float>, count: Int
  ) {
    Parallel.forEach(count: count, grain: grain) { range in
      let first = range.lowerBound
      withUnsafePointer(to: a) {
        imgk_binary(function.code, $0, 0, b + first, 1, destination + first, range.count)
      }
    }
  }

  /// destination[r, c] = function(a, b) over `rows` × `columns` elements, each operand laid out as its broadcast says.
  ///
  /// `destination` may be an operand whose broadcast is `full`.
  public static func apply(
    _ function: BinaryFunction, _ a: UnsafePointer<Float>, _ aBroadcast: Broadcast,
    _ b: UnsafePointer<Float>, _ bBroadcast: Broadcast,
    _ destination: UnsafeMutablePointer<Float>, rows: Int, columns: Int
  ) {
    let aSteps = aBroadcast.steps(columns: columns)
    let bSteps = bBroadcast.steps(columns: columns)
    Parallel.forEach(count: rows, grain: 1 + grain / max(1, columns)) { range in
      for r in range {
        imgk_binary(
          function.code, a + r * aSteps.row, aSteps.element, b + r * bSteps.row, bSteps.element,
          destination + r * columns, columns)
      }
    }
  }

  /// destination[i] = a[i] · b[i] + c[i] with one rounding, for i < count. `destination` may be any of them.
  public static func multiplyAdd(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafePointer<Float>,
    _ destination: UnsafeMutablePointer<Float>, count: Int
  ) {
    Parallel.forEach(count: count, grain: grain) { range in
      let first = range.lowerBound
      imgk_multiply_add(
        a + first, b + first, 1, c + first, 1, destination + first, range.count)
    }
  }

  /// destination[i] = a[i] · b + c[i] with one rounding, for i < count. `destination` may be `a` or `c`.
  public static func multiplyAdd(
    _ a: UnsafePointer<Float>, scalar b: Float, _ c: UnsafePointer<Float>,
    _ destination: UnsafeMutablePointer<Float>, count: Int
  ) {
    Parallel.forEach(count: count, grain: grain) { range in
      let first = range.lowerBound
      withUnsafePointer(to: b) {
        imgk_multiply_add(
          a + first, $0, 0, c + first, 1, destination + first, range.count)
      }
    }
  }
}
