import FileIO
import ModelGraph
import Tensors

extension Graph {
  /// The inputs that only Cast nodes read, such as a denoiser's timestep: a tensor of any other
  /// number type means the same there as one of the declared type would, and may mean more (a
  /// timestep between two whole ones).
  var inputsOnlyCast: Set<ByteString> {
    var names = Set(requiredInputs.map { ByteString($0.name) })
    names.subtract(outputs.map { ByteString($0.name) })
    for node in nodes {
      for body in node.subgraphs { names.subtract(body.freeNames) }
      if node.opType == "Cast", node.domain.isEmpty { continue }
      names.subtract(node.inputs.map(ByteString.init))
    }
    return names
  }
}

extension DType {
  /// Whether Cast reads the type as numbers of at least a byte.
  var isCastableNumber: Bool { (isInteger || isFloatingPoint) && !isSubByte }
}
