import Foundation
import ModelGraph
import Tensors

/// `Range` (ai.onnx 27): start + i · delta for every i from 0 on that stays before the limit; inputs
/// 0 to 2 are the scalars start, limit and delta. Floats and integers.
///
/// fp16 and bf16 are computed in Float and rounded once, whatever `stash_type` says.
struct RangeOperator: NumericOperator {
  static let opType = "Range"

  init(_ attributes: inout AttributeReader) throws {
    _ = try attributes.int("stash_type", default: 1)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let dtype = try context.type(0, "start").dtype
    guard let start = context.ints(0)?.first, let limit = context.ints(1)?.first,
      let delta = context.ints(2)?.first, delta != 0
    else { return [TensorType(dtype, [.unknown])] }
    return [TensorType(dtype, [.fixed(try count(Int64(start), Int64(limit), Int64(delta)))])]
  }

  func run<Number: NumberElement>(
    as type: Number.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let bounds = try ["start", "limit", "delta"].enumerated().map { index, name in
      let tensor = try context.input(index, name, Number.dtype)
      guard tensor.elementCount == 1 else {
        throw OperatorError.inputShape(index: index, expected: "a scalar", found: tensor.shape)
      }
      return tensor.pointer(as: type)[0]
    }
    guard bounds[2] != 0 else {
      throw OperatorError.inputValue(index: 2, expected: "a delta other than 0", found: "0")
    }
    let output = try context.allocate(
      Number.dtype, [try count(bounds[0], bounds[1], bounds[2])])
    let target = output.mutablePointer(as: type)
    if Number.isFloatingPoint {
      for index in 0..<output.elementCount {
        let step = Number.product(Number(nearest: Double(index)), bounds[2])
        target[index] = Number.sum(bounds[0], step)
      }
    } else {
      var next = bounds[0]
      for index in 0..<output.elementCount {
        target[index] = next
        next = Number.sum(next, bounds[2])
      }
    }
    return [output]
  }

  private func count<Number: NumberElement>(
    _ start: Number, _ limit: Number, _ delta: Number
  ) throws -> Int {
    if let start = start as? any FixedWidthInteger, let limit = limit as? any FixedWidthInteger,
      let delta = delta as? any FixedWidthInteger
    {
      return try count(Int128(start), Int128(limit), Int128(delta))
    }
    let count = ((limit.double - start.double) / delta.double).rounded(.up)
    if count.isNaN || count <= 0 { return 0 }
    guard let whole = Int(exactly: count) else { throw tooMany("\(count)") }
    return whole
  }

  private func count(_ start: Int128, _ limit: Int128, _ delta: Int128) throws -> Int {
    let distance = delta > 0 ? limit - start : start - limit
    if distance <= 0 { return 0 }
    let step = delta > 0 ? delta : -delta
    let count = (distance + step - 1) / step
    guard let whole = Int(exactly: count) else { throw tooMany("\(count)") }
    return whole
  }

  private func tooMany(_ count: String) -> OperatorError {
    .inputValue(index: 1, expected: "a range of countable length", found: "\(count) elements")
  }
}
