import ModelGraph
import Operators
import Tensors

/// A graph made ready to run: operators with their weights packed, values numbered, and the step
/// after which each value is no longer needed.
public struct Plan: Sendable {
  /// One operator's turn.
  struct Step: Sendable {
    /// The node, for messages and profiles.
    let node: Node
    /// The operator, its constant inputs perhaps packed inside.
    let made: any Operator
    /// The slots of the inputs; nil for one left out or packed away.
    let inputs: [Int?]
    /// The slots of the outputs; nil for one that nothing uses.
    let outputs: [Int?]
    /// The bodies of control flow by attribute name.
    let bodies: [String: Body]
    /// Slots that nothing reads after this step.
    var released: [Int] = []
  }

  /// A body of If, Loop or Scan, with the outer values it uses as further inputs.
  struct Body: Sendable {
    let plan: Plan
    /// The slots, in the plan around, of the values passed after the body's own inputs.
    let captures: [Int]
  }

  /// The graph's name.
  let name: String
  /// The graph's inputs that a caller provides, then for a body the captured values.
  let inputs: [ValueInfo]
  /// The slots of `inputs`.
  let inputSlots: [Int]
  /// The graph's outputs.
  let outputs: [ValueInfo]
  /// The slots of `outputs`.
  let outputSlots: [Int]
  /// How many values there are.
  let slotCount: Int
  /// The values that are the same in every run, by slot.
  let constants: [Int: Tensor]
  /// The operators in order.
  let steps: [Step]
}
