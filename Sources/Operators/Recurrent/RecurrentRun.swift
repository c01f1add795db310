import Kernels
import ModelGraph
import Tensors

/// Runs a recurrent cell over the sequences of a batch, in each direction.
struct RecurrentRun<Real: RealElement> {
  let layer: RecurrentLayer
  let shapes: RecurrentShapes
  private let context: ExecutionContext
  private let input: Tensor
  private let weight: Tensor
  private let recurrence: Tensor
  private let bias: Tensor?
  private let initialHidden: Tensor?

  init(_ layer: RecurrentLayer, _ context: ExecutionContext) throws {
    self.layer = layer
    self.context = context
    shapes = try RecurrentShapes(layer, context)
    input = try context.input(0, "X", Real.dtype)
    weight = try context.input(1, "W", Real.dtype)
    recurrence = try context.input(2, "R", Real.dtype)
    bias = try context.optionalInput(3, of: Real.dtype)
    initialHidden = try context.optionalInput(5, of: Real.dtype, shapes.stateShape)
  }

  /// The parameters of direction `index`.
  func weights(_ index: Int) -> GateWeights<Real> {
    let rows = layer.gateCount * shapes.hidden
    return GateWeights(
      gateCount: layer.gateCount, inputSize: shapes.inputSize, hidden: shapes.hidden,
      weight: weight.pointer() + index * rows * shapes.inputSize,
      recurrence: recurrence.pointer() + index * rows * shapes.hidden,
      bias: bias.map { $0.pointer() + index * 2 * rows })
  }

  /// Y, Y_h and the cells' own final states, starting from `initialState` (zeros where nil).
  func run<Cell: RecurrentCell>(
    initialState: Tensor? = nil, cell: (_ direction: Int) -> Cell
  ) throws -> [Tensor] where Cell.Real == Real {
    let all = try context.allocate(Real.dtype, shapes.allShape)
    let last = try context.allocate(Real.dtype, shapes.stateShape)
    let states = try context.allocate(Real.dtype, shapes.stateShape)
    all.mutablePointer(as: Real.self).update(repeating: 0, count: all.elementCount)
    for direction in 0..<shapes.directions {
      let cell = cell(direction)
      let isBackward = layer.direction == .reverse || direction == 1
      Parallel.forEachIndex(count: shapes.batch) { lane in
        run(
          cell, direction, lane, isBackward, all.mutablePointer(),
          hidden: start(initialHidden, last, direction, lane),
          state: start(initialState, states, direction, lane))
      }
    }
    return [all, last, states]
  }

  /// The place of a lane's final state, filled with its initial one.
  private func start(
    _ initial: Tensor?, _ final: Tensor, _ direction: Int, _ lane: Int
  ) -> UnsafeMutablePointer<Real> {
    let place = shapes.state(direction, lane)
    let target = final.mutablePointer(as: Real.self) + place
    if let initial {
      target.update(from: initial.pointer(as: Real.self) + place, count: shapes.hidden)
    } else {
      target.update(repeating: 0, count: shapes.hidden)
    }
    return target
  }

  private func run<Cell: RecurrentCell>(
    _ cell: Cell, _ direction: Int, _ lane: Int, _ isBackward: Bool,
    _ all: UnsafeMutablePointer<Real>, hidden: UnsafeMutablePointer<Real>,
    state: UnsafeMutablePointer<Real>
  ) where Cell.Real == Real {
    let source = input.pointer(as: Real.self)
    for step in 0..<shapes.lengths[lane] {
      let time = isBackward ? shapes.lengths[lane] - 1 - step : step
      let next = all + shapes.output(time, direction, lane)
      cell.step(source + shapes.input(time, lane), hidden, state, into: next)
      hidden.update(from: next, count: shapes.hidden)
    }
  }
}
