import ModelGraph
import Operators
import Tensors

/// Runs a plan's steps in order, dropping each value after its last use.
struct Executor {
  let allocator: any TensorAllocator
  /// Where the results of the outermost plan lie, those of bodies excepted.
  var arena: Arena?
  let observer: (any ExecutionObserver)?

  /// The outputs of `plan` for `inputs`, which stand in the plan's order.
  func run(_ plan: Plan, _ inputs: [Tensor]) throws -> [Tensor] {
    var values = [Tensor?](repeating: nil, count: plan.slotCount)
    for (slot, tensor) in plan.constants { values[slot] = tensor }
    for (slot, tensor) in zip(plan.inputSlots, inputs) { values[slot] = tensor }
    for (index, step) in plan.steps.enumerated() {
      do {
        arena?.begin(step: index)
        try run(step, &values)
      } catch {
        throw NodeError(graph: plan.name, node: step.node, cause: error)
      }
    }
    return try zip(plan.outputs, plan.outputSlots).map { output, slot in
      guard let tensor = values[slot] else {
        throw GraphError.undefinedValue(
          graph: plan.name, name: output.name, user: "the graph's outputs")
      }
      return tensor
    }
  }

  private func run(_ step: Plan.Step, _ values: inout [Tensor?]) throws {
    let token = observer?.willRun(step.node)
    let results = try compute(step, &values)
    for (slot, result) in zip(step.outputs, results) {
      if let slot { values[slot] = result }
    }
    for slot in step.released where !step.outputs.contains(slot) { values[slot] = nil }
    if let observer, let token { observer.didRun(step.node, token, outputs: results) }
    for slot in step.released { values[slot] = nil }
  }

  private func compute(_ step: Plan.Step, _ values: inout [Tensor?]) throws -> [Tensor?] {
    let bodies = step.bodies.mapValues { body in
      (plan: body.plan, captured: body.captures.compactMap { values[$0] })
    }
    var inputs = step.inputs.map { slot in slot.flatMap { values[$0] } }
    // Values read for the last time leave the table, so that a sole owner shows as one.
    for slot in step.released { values[slot] = nil }
    let overwritable = inputs.indices.map { inputs[$0]?.isSoleOwner() ?? false }
    let context = ExecutionContext(
      inputs: inputs, requestedOutputs: step.outputs.map { $0 != nil },
      overwritableInputs: overwritable, allocator: arena ?? allocator
    ) { name, arguments in
      guard let body = bodies[name] else { throw OperatorError.missingAttribute(name) }
      let inner = Executor(allocator: allocator, observer: observer)
      return try inner.run(body.plan, arguments + body.captured)
    }
    return try step.made.run(context)
  }
}

/// Is told of every step of a run, in order.
public protocol ExecutionObserver: AnyObject, Sendable {
  /// A node is about to run; what is given back comes with `didRun`.
  func willRun(_ node: Node) -> UInt64

  /// A node has run.
  func didRun(_ node: Node, _ token: UInt64, outputs: [Tensor?])
}
