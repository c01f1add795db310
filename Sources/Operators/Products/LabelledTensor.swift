import Tensors

/// A tensor whose axes are named by distinct labels, each with a stride through the elements.
///
/// An axis that stood under one label twice (a diagonal) has the sum of the strides; one of extent 1
/// that stands for a longer one has stride 0.
struct LabelledTensor {
  let tensor: Tensor
  let labels: [EinsumLabel]
  private let strides: [EinsumLabel: Int]

  /// `tensor` with its axes under `labels`, whose extents are `extents`.
  init(_ tensor: Tensor, _ labels: [EinsumLabel], _ extents: [EinsumLabel: Int]) {
    self.tensor = tensor
    var strides: [EinsumLabel: Int] = [:]
    var distinct: [EinsumLabel] = []
    for (axis, label) in labels.enumerated() {
      if strides[label] == nil { distinct.append(label) }
      let repeats = tensor.shape[axis] == 1 && extents[label] != 1
      strides[label, default: 0] += repeats ? 0 : tensor.shape.strides[axis]
    }
    self.labels = distinct
    self.strides = strides
  }

  /// The elements with their axes in the order of `order`; a label that the tensor lacks repeats
  /// them.
  func arranged(
    _ order: [EinsumLabel], _ extents: [EinsumLabel: Int], _ context: ExecutionContext
  ) throws -> Tensor {
    let shape = try Shape.checked(order.map { extents[$0] ?? 1 })
    let arranged = try context.allocate(tensor.dtype, shape)
    StridedCopy(
      extents: shape.dimensions, sourceStrides: order.map { strides[$0] ?? 0 },
      targetStrides: shape.strides, byteWidth: tensor.dtype.byteWidth
    ).run(from: tensor.rawPointer, to: arranged.mutableRawPointer)
    return arranged
  }

  /// The sum over all labels but `kept`.
  func summed<Number: NumberElement>(
    keeping kept: [EinsumLabel], _ extents: [EinsumLabel: Int], as type: Number.Type,
    _ context: ExecutionContext
  ) throws -> LabelledTensor {
    let gone = labels.filter { !kept.contains($0) }
    let order = labels.filter(kept.contains)
    let arranged = try arranged(order + gone, extents, context)
    if gone.isEmpty { return LabelledTensor(arranged, order, extents) }
    let shape = try Shape.checked(order.map { extents[$0] ?? 1 })
    let sums = try context.allocate(arranged.dtype, shape)
    let count = gone.reduce(1) { $0 * (extents[$1] ?? 1) }
    let (source, target) = (arranged.pointer(as: type), sums.mutablePointer(as: type))
    for position in 0..<shape.elementCount {
      var sum: Number = 0
      for index in 0..<count { sum = Number.sum(sum, source[position * count + index]) }
      target[position] = sum
    }
    withExtendedLifetime(arranged) {}
    return LabelledTensor(sums, order, extents)
  }
}
