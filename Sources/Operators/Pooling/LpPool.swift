import Kernels
import ModelGraph
import Tensors

/// `LpPool` (ai.onnx 1, 2, 11, 18, 22): (Σ |x|^p)^(1/p) over the elements under each window.
struct LpPoolOperator: RealOperator {
  static let opType = "LpPool"

  private let window: PoolingWindow
  private let norm: PowerNorm

  init(_ attributes: inout AttributeReader) throws {
    window = try PoolingWindow(&attributes)
    norm = try PowerNorm(&attributes)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    [try window.infer(context.type(0, "X"))]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    let geometry = try window.geometry(over: input.shape)
    let output = try context.allocate(input.dtype, window.output(of: input.shape))
    let source = input.pointer(as: Real.self)
    let target = output.mutablePointer(as: Real.self)
    let step = geometry.lastDilation
    Parallel.forEachIndex(count: input.shape[0] * input.shape[1]) { plane in
      let values = source + plane * geometry.inputCount
      let norms = target + plane * geometry.outputCount
      geometry.forEachResult { result, position in
        var sum: Real = 0
        geometry.forEachTapRow(at: position) { first, _, count in
          for index in 0..<count { sum += norm.power(values[first + index * step]) }
        }
        norms[result] = norm.root(sum)
      }
    }
    return [output]
  }
}

/// The p of an Lp norm: (Σ |x|^p)^(1/p).
struct PowerNorm: Sendable {
  let p: Int

  /// Reads the attribute `p`, 2 where the node has none.
  init(_ attributes: inout AttributeReader) throws {
    p = try attributes.int("p", default: 2)
    guard p >= 1 else {
      throw OperatorError.attribute("p", expected: "a positive number", found: "\(p)")
    }
  }

  /// |x|^p.
  func power<Real: RealElement>(_ x: Real) -> Real {
    switch p {
    case 1: x.magnitude
    case 2: x * x
    default: Real.pow(x.magnitude, Real(p))
    }
  }

  /// sum^(1/p).
  func root<Real: RealElement>(_ sum: Real) -> Real {
    switch p {
    case 1: sum
    case 2: sum.squareRoot()
    default: Real.pow(sum, 1 / Real(p))
    }
  }
}
