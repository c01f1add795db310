import Kernels
import ModelGraph
import Tensors

/// An operator that folds the elements along an axis (input 1) and keeps every step.
///
/// Attributes: `exclusive` (0): each step without its own element; `reverse` (0): from the end. All
/// number types, integers wrap.
protocol CumulativeOperator: NumericOperator {
  var order: CumulativeOrder { get }

  /// The fold of no elements: 0 or 1.
  static var start: Int { get }

  /// One step of the fold.
  static func step<Number: NumberElement>(_ a: Number, _ b: Number) -> Number
}

/// The attributes of CumSum and CumProd.
struct CumulativeOrder {
  let isExclusive: Bool
  let isReversed: Bool

  init(_ attributes: inout AttributeReader) throws {
    isExclusive = try attributes.flag("exclusive", default: false)
    isReversed = try attributes.flag("reverse", default: false)
  }
}

/// `CumSum` (ai.onnx 14): the running sum along an axis.
struct CumSumOperator: CumulativeOperator {
  static let opType = "CumSum"
  static let start = 0
  let order: CumulativeOrder
  init(_ attributes: inout AttributeReader) throws { order = try CumulativeOrder(&attributes) }
  static func step<Number: NumberElement>(_ a: Number, _ b: Number) -> Number { Number.sum(a, b) }
}

/// `CumProd` (ai.onnx 26): the running product along an axis.
struct CumProdOperator: CumulativeOperator {
  static let opType = "CumProd"
  static let start = 1
  let order: CumulativeOrder
  init(_ attributes: inout AttributeReader) throws { order = try CumulativeOrder(&attributes) }
  static func step<Number: NumberElement>(_ a: Number, _ b: Number) -> Number {
    Number.product(a, b)
  }
}

extension CumulativeOperator {
  func infer(_ context: InferenceContext) throws -> [TensorType] { [try context.type(0, "x")] }

  func run<Number: NumberElement>(
    as type: Number.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "x")
    let axis = try input.shape.checkedAxis(try context.integer(1, "axis"))
    let split = AxisSplit(input.shape, axis: axis)
    let output = try context.allocate(reusing: 0)
    let (source, target) = (input.pointer(as: type), output.mutablePointer(as: type))
    let grain = max(1, Broadcast.grain / max(1, split.extent))
    Parallel.forEach(count: split.outer * split.inner, grain: grain) { range in
      for position in range {
        let first = position / split.inner * split.extent * split.inner + position % split.inner
        fold(source + first, target + first, split.extent, split.inner)
      }
    }
    return [output]
  }

  private func fold<Number: NumberElement>(
    _ source: UnsafePointer<Number>, _ target: UnsafeMutablePointer<Number>, _ count: Int,
    _ step: Int
  ) {
    var folded: Number = Self.start == 0 ? 0 : 1
    for number in 0..<count {
      let index = (order.isReversed ? count - 1 - number : number) * step
      let next = Self.step(folded, source[index])
      target[index] = order.isExclusive ? folded : next
      folded = next
    }
  }
}
