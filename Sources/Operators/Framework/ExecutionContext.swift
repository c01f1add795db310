import ModelGraph
import Tensors

/// Gives out the memory of results, and takes it back when the last tensor using it goes.
public protocol TensorAllocator: Sendable {
  /// A buffer of at least `byteCount` bytes of undefined content.
  ///
  /// - Throws: `TensorError.outOfMemory`.
  func allocate(byteCount: Int) throws(TensorError) -> TensorBuffer
}

/// Takes each buffer from the system.
public struct SystemAllocator: TensorAllocator {
  /// The allocator.
  public init() {}

  public func allocate(byteCount: Int) throws(TensorError) -> TensorBuffer {
    try TensorBuffer(byteCount: byteCount)
  }
}

/// What a running operator sees: its inputs, and where results go.
public struct ExecutionContext {
  /// The inputs; nil for one that is left out.
  public let inputs: [Tensor?]
  /// Which of the node's outputs anything uses.
  public let requestedOutputs: [Bool]
  /// Which inputs nothing uses afterwards and no other tensor shares memory with, so that a result
  /// may be written over them.
  public let overwritableInputs: [Bool]
  private let allocator: any TensorAllocator
  private let bodies: (_ attribute: String, _ inputs: [Tensor]) throws -> [Tensor]

  /// A context for one run of one node.
  public init(
    inputs: [Tensor?], requestedOutputs: [Bool], overwritableInputs: [Bool]? = nil,
    allocator: any TensorAllocator = SystemAllocator(),
    bodies: @escaping (_ attribute: String, _ inputs: [Tensor]) throws -> [Tensor] = { name, _ in
      throw OperatorError.missingAttribute(name)
    }
  ) {
    self.inputs = inputs
    self.requestedOutputs = requestedOutputs
    self.overwritableInputs =
      overwritableInputs ?? [Bool](repeating: false, count: inputs.count)
    self.allocator = allocator
    self.bodies = bodies
  }
}

extension ExecutionContext {
  /// How many outputs the node lists.
  public var outputCount: Int { requestedOutputs.count }

  /// Whether anything uses output `index`.
  public func isRequested(_ index: Int) -> Bool {
    index < requestedOutputs.count && requestedOutputs[index]
  }

  /// Whether input `index` is given.
  public func has(_ index: Int) -> Bool { index < inputs.count && inputs[index] != nil }

  /// Input `index`, which the operator requires.
  ///
  /// - Throws: `OperatorError.missingInput`.
  public func input(_ index: Int, _ name: String) throws -> Tensor {
    guard index < inputs.count, let input = inputs[index] else {
      throw OperatorError.missingInput(index: index, name: name)
    }
    return input
  }

  /// Input `index`; nil where it is left out.
  public func optionalInput(_ index: Int) -> Tensor? {
    index < inputs.count ? inputs[index] : nil
  }

  /// A new tensor of undefined content for a result.
  ///
  /// - Throws: `TensorError.outOfMemory`, `.elementCountOverflow`.
  public func allocate(_ dtype: DType, _ shape: Shape) throws -> Tensor {
    let (byteCount, overflow) = shape.elementCount.multipliedReportingOverflow(
      by: dtype.byteWidth)
    guard !overflow else { throw TensorError.elementCountOverflow(shape.dimensions) }
    return Tensor(dtype, shape, buffer: try allocator.allocate(byteCount: byteCount))
  }

  /// A tensor for a result of the type and shape of input `index`: that input's own memory where
  /// it may be overwritten, else new memory.
  public func allocate(reusing index: Int) throws -> Tensor {
    let tensor = try input(index, "\(index)")
    if index < overwritableInputs.count, overwritableInputs[index] { return tensor }
    return try allocate(tensor.dtype, tensor.shape)
  }

  /// The same run with other inputs.
  func replacing(inputs: [Tensor?], overwritable: [Bool]) -> ExecutionContext {
    ExecutionContext(
      inputs: inputs, requestedOutputs: requestedOutputs, overwritableInputs: overwritable,
      allocator: allocator, bodies: bodies)
  }

  /// Runs the body given by the graph attribute `attribute` on `inputs`, in its own order.
  public func runBody(_ attribute: String, _ inputs: [Tensor]) throws -> [Tensor] {
    try bodies(attribute, inputs)
  }
}
