import FileIO
import ModelGraph
import Operators
import Tensors

/// How far a layer's output may be from the reference's when nothing but its rounding differs.
///
/// A value rounded to a grid of step s is off by s/√12 in the root mean square (uniform error). The
/// relative errors of a layer's weights and inputs, √(mean s² / 12) over the root mean square of
/// what is rounded, add up as squares; a sum of many products has their relative error, unless its
/// terms cancel. Floating-point types have a step of 2⁻ᵖ of the value, p the bits of the
/// significand.
struct RoundingNoise {
  let reference: StoredWeights
  let candidate: StoredWeights

  /// What rounding in fp32, in another order of summation, may give.
  static let fp32 = 2e-5

  /// The predicted relative L2 error of the outputs of `layer`, at least `fp32`.
  ///
  /// - Parameter inputs: the reference's values that the layer reads.
  func predicted(_ layer: LayerPlan.Layer, inputs: [ByteString: Tensor]) throws -> Double {
    var squared = Self.fp32 * Self.fp32
    for weight in layer.candidate.initializers.compactMap(\.weightName) {
      squared += weightError(weight).squared
    }
    for node in layer.candidate.nodes {
      switch node.opType {
      case "DequantizeLinear": squared += try integerError(node, layer.candidate).squared
      case "QuantizeLinear", "DynamicQuantizeLinear":
        squared += try activationError(node, layer.candidate, inputs).squared
      case "Cast": squared += castError(node).squared
      default: break
      }
    }
    return squared.squareRoot()
  }

  /// The error of a weight that is stored in a coarser floating-point type than the reference's.
  private func weightError(_ name: String) -> Double {
    guard let after = candidate.info(name), let before = reference.info(name),
      before.dtype != after.dtype
    else { return 0 }
    return Self.step(of: after.dtype)
  }

  /// The error of constants that a DequantizeLinear makes real numbers of.
  private func integerError(_ node: Node, _ part: Graph) throws -> Double {
    let constants = try node.inputs.map { name in
      try part.initializers.first { $0.name == name }.flatMap(tensor)
    }
    guard constants.count >= 2, let values = constants[0], let scale = constants[1] else {
      return 0
    }
    let zeroPoint = constants.count > 2 ? constants[2] : nil
    let made = try OperatorRegistry.standard.make(node)
    let results = try made.run(
      ExecutionContext(inputs: [values, scale, zeroPoint], requestedOutputs: [true]))
    guard let real = results.first ?? nil else { return 0 }
    let step = try Moments(scale).rootMeanSquare
    return Self.ratio(step / 12.0.squareRoot(), try Moments(real).rootMeanSquare)
  }

  private func activationError(
    _ node: Node, _ part: Graph, _ inputs: [ByteString: Tensor]
  ) throws -> Double {
    guard let first = node.inputs.first, let value = value(first, part, inputs) else { return 0 }
    let moments = try Moments(value)
    var step = (max(moments.highest, 0) - min(moments.lowest, 0)) / 255
    if node.opType == "QuantizeLinear", node.inputs.count > 1,
      let scale = part.initializers.first(where: { $0.name == node.inputs[1] }),
      let stored = try tensor(scale)
    {
      step = try Moments(stored).rootMeanSquare
    }
    return Self.ratio(step / 12.0.squareRoot(), moments.rootMeanSquare)
  }

  /// A value of `part`: given, constant, or computed from such; nil where it cannot be.
  private func value(
    _ name: String, _ part: Graph, _ inputs: [ByteString: Tensor]
  ) -> Tensor? {
    if let given = inputs[ByteString(name)] { return given }
    if let constant = part.initializers.first(where: { $0.name == name }) {
      return try? tensor(constant)
    }
    guard let node = part.nodes.first(where: { $0.outputs.contains(name) }),
      let made = try? OperatorRegistry.standard.make(node)
    else { return nil }
    let operands = node.inputs.map { $0.isEmpty ? nil : value($0, part, inputs) }
    guard zip(node.inputs, operands).allSatisfy({ $0.isEmpty || $1 != nil }) else { return nil }
    let context = ExecutionContext(
      inputs: operands, requestedOutputs: node.outputs.map { $0 == name })
    return zip(node.outputs, (try? made.run(context)) ?? []).first { $0.0 == name }?.1
  }

  private func castError(_ node: Node) -> Double {
    guard case .int(let code)? = node.attributes["to"], let raw = UInt8(exactly: code),
      let dtype = DType(rawValue: raw)
    else { return 0 }
    return Self.step(of: dtype)
  }

  private func tensor(_ initializer: Initializer) throws -> Tensor? {
    switch initializer.storage {
    case .inline(let tensor): tensor
    case .weight(let name): try candidate.storedTensor(name)
    }
  }

  /// The root mean square of the relative error of rounding to a floating-point type.
  private static func step(of dtype: DType) -> Double {
    switch dtype {
    case .float16: 0x1p-11
    case .bfloat16: 0x1p-8
    default: 0
    }
  }

  private static func ratio(_ error: Double, _ size: Double) -> Double {
    size > 0 && error.isFinite ? error / size : 0
  }
}

/// Sums over a tensor's finite elements.
struct Moments {
  private(set) var lowest = 0.0
  private(set) var highest = 0.0
  private var squares = 0.0
  private var count = 0

  /// - Throws: `VerificationError.type` for strings and complex numbers.
  init(_ tensor: Tensor) throws {
    let elements = try RealElements(name: "", tensor)
    for index in 0..<tensor.elementCount {
      let value = elements[index]
      guard value.isFinite else { continue }
      lowest = count == 0 ? value : min(lowest, value)
      highest = count == 0 ? value : max(highest, value)
      squares += value * value
      count += 1
    }
  }

  /// The root of the mean of the squares; 0 where there is no element.
  var rootMeanSquare: Double { count > 0 ? (squares / Double(count)).squareRoot() : 0 }
}

extension Double {
  fileprivate var squared: Double { self * self }
}
