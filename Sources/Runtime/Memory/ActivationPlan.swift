import FileIO
import ModelGraph
import Operators
import Tensors

/// Where the results of a plan's steps lie, for inputs of given shapes.
///
/// Found ahead of a run from the shapes that the operators' rules tell. Results whose shapes are not
/// known ahead, and those that the caller is given, are not planned.
struct ActivationPlan: Sendable {
  /// A result of a step: so many bytes from so many on.
  struct Place: Sendable {
    let byteCount: Int
    let offset: Int
  }

  /// The places of the results that each step makes.
  let places: [[Place]]
  /// The layout.
  let memory: MemoryPlan

  /// The plan of `plan`'s steps, where the values have the types `known`.
  init(_ plan: Plan, known: [ByteString: KnownValue]) {
    var lifetimes = Lifetimes(plan, known: known)
    lifetimes.follow()
    let blocks = lifetimes.blocks.filter { !$0.escapes }
    memory = MemoryPlan(
      blocks.map { .init(byteCount: $0.byteCount + Self.margin, steps: $0.steps) })
    var places = [[Place]](repeating: [], count: plan.steps.count)
    for (block, offset) in zip(blocks, memory.offsets) {
      places[block.steps.lowerBound].append(Place(byteCount: block.byteCount, offset: offset))
    }
    self.places = places
  }

  /// A vector load may run so far past a tensor's last element.
  static let margin = TensorBuffer.alignment
}

/// From which step to which the memory of each value is needed.
private struct Lifetimes {
  struct Block {
    let byteCount: Int
    var steps: ClosedRange<Int>
    /// Whether the caller is given a value that lies there.
    var escapes = false
  }

  private let plan: Plan
  private let known: [ByteString: KnownValue]
  private var blockOfSlot: [Int: Int] = [:]
  private(set) var blocks: [Block] = []

  init(_ plan: Plan, known: [ByteString: KnownValue]) {
    self.plan = plan
    self.known = known
  }

  mutating func follow() {
    for (index, step) in plan.steps.enumerated() {
      for slot in step.reads { use(slot, at: index) }
      for (slot, name) in zip(step.outputs, step.node.outputs) {
        guard let slot, let byteCount = byteCount(name) else { continue }
        make(slot, byteCount, by: step, at: index)
      }
    }
    for slot in plan.outputSlots {
      if let block = blockOfSlot[slot] { blocks[block].escapes = true }
    }
  }

  private mutating func use(_ slot: Int, at index: Int) {
    guard let block = blockOfSlot[slot] else { return }
    blocks[block].steps = blocks[block].steps.lowerBound...index
  }

  private mutating func make(_ slot: Int, _ byteCount: Int, by step: Plan.Step, at index: Int) {
    if let shared = sharedBlock(byteCount, step) {
      blockOfSlot[slot] = shared
      use(slot, at: index)
    } else {
      blockOfSlot[slot] = blocks.count
      blocks.append(Block(byteCount: byteCount, steps: index...index))
    }
  }

  /// The block of an input that the step's result views, or is written over.
  private func sharedBlock(_ byteCount: Int, _ step: Plan.Step) -> Int? {
    let isView = Self.viewing.contains(step.node.opType)
    guard isView || Self.overwriting.contains(step.node.opType) else { return nil }
    for slot in step.inputs.prefix(isView ? 1 : 2) {
      guard let slot, let block = blockOfSlot[slot], blocks[block].byteCount == byteCount,
        isView || step.released.contains(slot)
      else { continue }
      return block
    }
    return nil
  }

  private func byteCount(_ name: String) -> Int? {
    guard let type = known[ByteString(name)]?.type, let dtype = type.dtype, dtype != .string,
      let shape = type.shape
    else { return nil }
    let (byteCount, overflow) = shape.elementCount.multipliedReportingOverflow(by: dtype.byteWidth)
    return overflow ? nil : byteCount
  }

  private static let viewing: Set<String> = [
    "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity",
  ]
  private static let overwriting: Set<String> = [
    "Abs", "Add", "Ceil", "Clip", "Cos", "Div", "Elu", "Erf", "Exp", "Floor", "Gelu",
    "GroupNormalization", "HardSigmoid", "HardSwish", "InstanceNormalization", "LayerNormalization",
    "LeakyRelu", "Log", "LogSoftmax", "Max", "Mean", "Min", "Mish", "Mul", "Neg", "Pow",
    "Reciprocal",
    "Relu", "Round", "Selu", "Sigmoid", "Sin", "Softmax", "Softplus", "Sqrt", "Sub", "Sum", "Swish",
    "Tanh",
  ]
}
