import FileIO
import ModelGraph
import Operators
import Tensors

/// How many floating-point operations a graph's products and convolutions take, a multiplication
/// and an addition counting as two.
///
/// Counted are MatMul, Gemm, Conv, ConvTranspose, Attention and the integer forms of these, by their
/// definitions and not by what a kernel saves; other operators, and bodies of control flow, are not.
public struct OperationCount: Sendable {
  /// The operations.
  public let operations: Double
  /// How many of the nodes that count have shapes that are not known ahead; they add nothing.
  public let unknownNodes: Int

  /// Counts for inputs of the shapes of `inputs`; the smallest weights, which shapes may follow
  /// from, are read.
  ///
  /// - Throws: `NodeError` where the inputs do not fit, `RuntimeError.weight`, the source's error.
  public init(
    _ graph: Graph, weights: any TensorSource, inputs: [String: Tensor],
    registry: OperatorRegistry = .standard
  ) throws {
    let given = inputs.mapValues { tensor in
      KnownValue(
        TensorType(tensor.dtype, tensor.shape),
        value: tensor.elementCount <= ShapeInference.foldingLimit ? tensor : nil)
    }
    let known = try ShapeInference(registry: registry).infer(
      WeightReader(weights).inliningSmallTensors(of: graph.binding(inputs: given)), inputs: given)
    var (operations, unknownNodes) = (0.0, 0)
    for node in graph.nodes where Self.rules[node.opType] != nil && node.domain.isEmpty {
      let shapes = (node.inputs + node.outputs.prefix(1)).map { known[ByteString($0)]?.type.shape }
      let result = shapes.last.flatMap { $0 }
      if let count = result.flatMap({ Self.count(node, shapes.dropLast(), result: $0) }) {
        operations += count
      } else {
        unknownNodes += 1
      }
    }
    self.operations = operations
    self.unknownNodes = unknownNodes
  }

  /// Which inputs of an operator tell its operations.
  private enum Rule {
    /// Two for each element of the result and of the left operand's last axis.
    case product(transposition: String?)
    /// Two for each element of the result and of one filter, that is input `weight`.
    case convolution(weight: Int)
    /// Two for each element of the input and of what it is spread over.
    case transposedConvolution
    case attention
  }

  private static let rules: [String: Rule] = [
    "MatMul": .product(transposition: nil), "MatMulInteger": .product(transposition: nil),
    "QLinearMatMul": .product(transposition: nil), "Gemm": .product(transposition: "transA"),
    "Conv": .convolution(weight: 1), "ConvInteger": .convolution(weight: 1),
    "QLinearConv": .convolution(weight: 3), "ConvTranspose": .transposedConvolution,
    "Attention": .attention,
  ]

  private static func count(_ node: Node, _ inputs: [Shape?], result: Shape) -> Double? {
    func input(_ index: Int) -> Shape? { index < inputs.count ? inputs[index] : nil }
    let elements = Double(result.elementCount)
    switch rules[node.opType] {
    case nil: return nil
    case .product(let transposition):
      guard let left = input(0), left.rank > 0 else { return nil }
      let isTransposed = transposition.map { isSet($0, node) } ?? false
      return 2 * elements * Double(isTransposed ? left[0] : left[left.rank - 1])
    case .convolution(let index):
      guard let weight = input(index), weight.rank > 0, weight[0] > 0 else { return nil }
      return 2 * elements * Double(weight.elementCount / weight[0])
    case .transposedConvolution:
      guard let x = input(0), let weight = input(1), weight.rank > 0, weight[0] > 0 else {
        return nil
      }
      return 2 * Double(x.elementCount) * Double(weight.elementCount / weight[0])
    case .attention: return attention(input(0), input(1), input(4), result)
    }
  }

  private static func isSet(_ name: String, _ node: Node) -> Bool {
    if case .int(let value)? = node.attributes[name] { value != 0 } else { false }
  }

  /// Q Kᵀ and the product with V: two for each query, key and element of a query or of a result.
  private static func attention(
    _ queries: Shape?, _ keys: Shape?, _ past: Shape?, _ result: Shape
  ) -> Double? {
    guard let queries, let keys, queries.rank >= 3, keys.rank >= 3 else { return nil }
    let length = keys[keys.rank - 2] + (past.map { $0.rank == 4 ? $0[2] : 0 } ?? 0)
    return 2 * Double(length) * (Double(queries.elementCount) + Double(result.elementCount))
  }
}
