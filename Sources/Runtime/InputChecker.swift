import FileIO
import ModelGraph
import Tensors

/// Checks that tensors fit the declarations of a graph's inputs.
struct InputChecker {
  let graph: String
  /// The inputs whose type may be any number's.
  let onlyCast: Set<ByteString>

  /// - Throws: `RuntimeError.inputType`, or `.inputShape` where the rank or a fixed extent differs,
  ///   or where one symbol would stand for two extents.
  func check(_ declared: [ValueInfo], _ tensors: [Tensor]) throws {
    var symbols: [String: Int] = [:]
    for (value, tensor) in zip(declared, tensors) {
      if let dtype = value.type.dtype, dtype != tensor.dtype, !accepts(tensor.dtype, value) {
        throw RuntimeError.inputType(
          graph: graph, name: value.name, expected: dtype, found: tensor.dtype)
      }
      guard let dimensions = value.type.dimensions else { continue }
      guard dimensions.count == tensor.shape.rank,
        zip(dimensions, tensor.shape.dimensions).allSatisfy({ dimension, extent in
          fits(dimension, extent, &symbols)
        })
      else {
        throw RuntimeError.inputShape(
          graph: graph, name: value.name, expected: text(dimensions, symbols),
          found: tensor.shape)
      }
    }
  }

  private func accepts(_ dtype: DType, _ value: ValueInfo) -> Bool {
    dtype.isCastableNumber && onlyCast.contains(ByteString(value.name))
  }

  private func fits(
    _ dimension: Dimension, _ extent: Int, _ symbols: inout [String: Int]
  ) -> Bool {
    switch dimension {
    case .fixed(let expected): return expected == extent
    case .unknown: return true
    case .symbol(let name):
      let bound = symbols[name, default: extent]
      symbols[name] = bound
      return bound == extent
    }
  }

  private func text(_ dimensions: [Dimension], _ symbols: [String: Int]) -> String {
    let parts = dimensions.map { dimension in
      switch dimension {
      case .fixed(let extent): "\(extent)"
      case .unknown: "any"
      case .symbol(let name): symbols[name].map { "\(name) = \($0)" } ?? name
      }
    }
    return "[\(parts.joined(separator: ", "))]"
  }
}
