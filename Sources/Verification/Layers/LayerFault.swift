import FileIO
import ModelGraph
import Tensors

/// A reason why a layer of a candidate is not an honest conversion of the reference's.
public enum LayerFault: Hashable, Sendable {
  /// The operator or an attribute differs: an epsilon, a stride.
  case definition(reference: String, candidate: String)
  /// A weight that the candidate keeps in the reference's type has other values.
  case keptWeight(name: String, relativeL2: Double)
  /// The output is farther off than rounding explains.
  case output(relativeL2: Double, expected: Double)
  /// The output is NaN or infinite where the reference's is not.
  case nonFinite(count: Int)
  /// The output has another shape.
  case shape(reference: Shape, candidate: Shape)
}

extension LayerFault: CustomStringConvertible {
  public var description: String {
    switch self {
    case .definition(let reference, let candidate):
      "defined as \(candidate.escapedForDisplay(limit: 200)), "
        + "expected \(reference.escapedForDisplay(limit: 200))"
    case .keptWeight(let name, let error):
      "weight \(name.escapedForDisplay(limit: 200)) is kept, but differs: relative L2 "
        + Quantities.significant(error, 3)
    case .output(let error, let expected):
      "relative L2 \(Quantities.significant(error, 3)) by itself, "
        + "where rounding explains \(Quantities.significant(expected, 3))"
    case .nonFinite(let count): "\(count) elements are NaN or infinite"
    case .shape(let reference, let candidate):
      "shape \(candidate), expected \(reference)"
    }
  }
}
