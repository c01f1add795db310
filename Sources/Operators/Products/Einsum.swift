import Kernels
import ModelGraph
import Tensors

/// `Einsum` (ai.onnx 28): the sum of products of tensors that `equation` describes in Einstein's
/// notation, with diagonals, "..." for broadcast axes, and an implicit result. All number types.
///
/// Operands are contracted in their order, two at a time, each time as a product of matrices.
struct EinsumOperator: NumericOperator {
  static let opType = "Einsum"

  private let equation: EinsumEquation

  init(_ attributes: inout AttributeReader) throws {
    guard let text = try attributes.optionalString("equation") else {
      throw OperatorError.missingAttribute("equation")
    }
    equation = try EinsumEquation(text)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let types = try context.inputs.indices.map { try context.type($0, "Inputs") }
    let ranks = types.compactMap(\.rank)
    guard ranks.count == types.count else { return [.unknown(types.first?.dtype)] }
    let (operands, result) = try equation.labels(ranks: ranks)
    var extents: [EinsumLabel: Dimension] = [:]
    for (type, labels) in zip(types, operands) {
      for (label, extent) in zip(labels, type.dimensions ?? []) {
        extents[label] = try (extents[label] ?? .fixed(1)).broadcast(with: extent)
      }
    }
    return [TensorType(types.first?.dtype, result.map { extents[$0] ?? .unknown })]
  }

  func run<Number: NumberElement>(
    as type: Number.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let inputs = try context.inputs.indices.map { try context.input($0, "Inputs", Number.dtype) }
    let (labels, result) = try equation.labels(ranks: inputs.map(\.shape.rank))
    let extents = try extents(inputs, labels)
    var operands = zip(inputs, labels).map { LabelledTensor($0, $1, extents) }
    while operands.count > 1 {
      let (left, right) = (operands.removeFirst(), operands.removeFirst())
      let later = Set(operands.flatMap(\.labels) + result)
      operands.insert(
        try contract(left, right, keeping: later, extents, as: type, context), at: 0)
    }
    let last = try operands[0].summed(keeping: result, extents, as: type, context)
    return [try last.arranged(result, extents, context)]
  }

  private func extents(
    _ inputs: [Tensor], _ labels: [[EinsumLabel]]
  ) throws -> [EinsumLabel: Int] {
    var extents: [EinsumLabel: Int] = [:]
    for (input, own) in zip(inputs, labels) {
      for (label, extent) in zip(own, input.shape.dimensions) {
        let known = extents[label] ?? 1
        guard known == extent || known == 1 || extent == 1 else {
          throw OperatorError.mismatch(
            expected: "one extent under each label", found: "\(known) and \(extent)")
        }
        extents[label] = known == 1 ? extent : known
      }
    }
    return extents
  }

  /// The product of two operands, summed over the labels that nothing needs later.
  private func contract<Number: NumberElement>(
    _ left: LabelledTensor, _ right: LabelledTensor, keeping later: Set<EinsumLabel>,
    _ extents: [EinsumLabel: Int], as type: Number.Type, _ context: ExecutionContext
  ) throws -> LabelledTensor {
    let left = try left.summed(
      keeping: Array(later.union(right.labels)), extents, as: type, context)
    let right = try right.summed(
      keeping: Array(later.union(left.labels)), extents, as: type, context)
    let shared = left.labels.filter(right.labels.contains)
    let batch = shared.filter(later.contains)
    let inner = shared.filter { !later.contains($0) }
    let rows = left.labels.filter { !shared.contains($0) }
    let columns = right.labels.filter { !shared.contains($0) }
    let (a, b) = (
      try left.arranged(batch + rows + inner, extents, context),
      try right.arranged(batch + inner + columns, extents, context)
    )
    func size(_ labels: [EinsumLabel]) -> Int { labels.reduce(1) { $0 * (extents[$1] ?? 1) } }
    let (m, k, n) = (size(rows), size(inner), size(columns))
    let kept = batch + rows + columns
    let output = try context.allocate(
      Number.dtype, Shape.checked(kept.map { extents[$0] ?? 1 }))
    for index in 0..<size(batch) {
      multiply(
        MatrixView(
          base: a.pointer(as: type) + index * m * k, rowStride: k, columnStride: 1),
        MatrixView(
          base: b.pointer(as: type) + index * k * n, rowStride: n, columnStride: 1),
        into: output.mutablePointer(as: type) + index * m * n, rows: m, depth: k, columns: n)
    }
    withExtendedLifetime((a, b)) {}
    return LabelledTensor(output, kept, extents)
  }
}
