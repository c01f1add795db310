import ModelGraph
import Tensors

/// Types of values that a body hands from one iteration to the next.
enum BodyTypes {
  /// What holds for both types.
  static func common(_ first: TensorType, _ second: TensorType) -> TensorType {
    let dtype = first.dtype == second.dtype ? first.dtype : first.dtype ?? second.dtype
    guard let left = first.dimensions, let right = second.dimensions, left.count == right.count
    else { return TensorType(dtype, nil) }
    return TensorType(dtype, zip(left, right).map { $0 == $1 ? $0 : .unknown })
  }

  /// The outputs' types of a body whose first `states` inputs (after `leading` of known types) come
  /// back as its outputs: extents that change from one iteration to the next are unknown.
  static func fixedPoint(
    _ body: Graph, leading: [TensorType], states: [TensorType], trailing: [TensorType],
    firstState: Int, _ context: InferenceContext
  ) throws -> [TensorType] {
    var states = states
    for _ in 0..<4 {
      let results = try context.inferBody(body, leading + states + trailing)
      let after = results.dropFirst(firstState).prefix(states.count)
      let merged = zip(states, after).map { common($0, $1) }
      if merged == states || merged.count < states.count { return results }
      states = merged
    }
    return try context.inferBody(
      body, leading + states.map { TensorType($0.dtype, nil) } + trailing)
  }
}
