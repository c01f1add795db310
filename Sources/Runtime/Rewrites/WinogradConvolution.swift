import ModelGraph
import Operators

/// Conv of fp32 with 3 × 3 windows, neither strided, dilated nor grouped, may be computed by Winograd's
/// transforms F(4×4, 3×3), where the kernels find that they pay for the image's size.
struct WinogradConvolution: GraphRewrite {
  static let name = "winograd"
  static let summary = "Conv with 3 × 3 windows may use Winograd's transforms"

  func apply(to graph: inout RewritableGraph) throws {
    for index in graph.nodes.indices {
      guard var node = graph.nodes[index], node.isConvolutionByNine(in: graph) else { continue }
      node.domain = FusedOperators.domain
      node.attributes["winograd"] = .int(1)
      graph.replace([index], by: node)
    }
  }
}

extension Node {
  /// Whether this is a Conv of fp32, plain or fused, with 3 × 3 windows of stride, dilation and
  /// group 1.
  func isConvolutionByNine(in graph: RewritableGraph) -> Bool {
    guard opType == "Conv", domain.isEmpty || domain == FusedOperators.domain,
      (2...4).contains(inputs.count), graph.isFloat32(inputs[0]), graph.isFloat32(inputs[1]),
      let weight = graph.type(of: inputs[1]).shape
    else { return false }
    return weight.rank == 4 && weight[2] == 3 && weight[3] == 3
      && ["strides", "dilations", "group"].allSatisfy(isAllOnes)
  }

  private func isAllOnes(_ name: String) -> Bool {
    switch attributes[name] {
    case nil: true
    case .int(let value)?: value == 1
    case .ints(let values)?: values.allSatisfy { $0 == 1 }
    default: false
    }
  }
}
