import ModelGraph
import Tensors

/// The attributes that RNN, GRU and LSTM share.
struct RecurrentLayer: Sendable {
  enum Direction: String, CaseIterable, Sendable {
    case forward, reverse, bidirectional
  }

  let direction: Direction
  /// The number of gates of the cell.
  let gateCount: Int
  let activations: [RecurrentActivation]
  let hiddenSize: Int?
  let clip: Float?
  /// Whether the batch is the first axis (`layout` 1).
  let isBatchFirst: Bool

  /// Reads the attributes of a cell with `gateCount` gates.
  init(
    _ attributes: inout AttributeReader, gateCount: Int, activations defaults: [String]
  ) throws {
    self.gateCount = gateCount
    direction = try attributes.choice("direction", default: .forward)
    activations = try RecurrentActivation.list(
      &attributes, defaults: defaults, directions: direction == .bidirectional ? 2 : 1)
    hiddenSize = try attributes.optionalInt("hidden_size")
    clip = try attributes.optionalFloat("clip")
    isBatchFirst = try attributes.flag("layout", default: false)
  }

  /// 2 for a bidirectional layer, else 1.
  var directionCount: Int { direction == .bidirectional ? 2 : 1 }

  /// The functions of direction `index`.
  func activations(of index: Int) -> [RecurrentActivation] {
    let count = activations.count / directionCount
    return Array(activations[(index * count)..<((index + 1) * count)])
  }

  /// The types of Y and of `states` final states.
  func infer(_ context: InferenceContext, states: Int) throws -> [TensorType] {
    let input = try context.type(0, "X")
    let recurrence = try context.type(2, "R").dimensions
    let x = input.dimensions?.count == 3 ? input.dimensions : nil
    let length = (isBatchFirst ? x?[1] : x?[0]) ?? .unknown
    let batch = (isBatchFirst ? x?[0] : x?[1]) ?? .unknown
    let hidden =
      hiddenSize.map(Dimension.fixed) ?? (recurrence?.count == 3 ? recurrence?[2] : nil) ?? .unknown
    let directions = Dimension.fixed(directionCount)
    let all =
      isBatchFirst ? [batch, length, directions, hidden] : [length, directions, batch, hidden]
    let last = isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
    return [TensorType(input.dtype, all)]
      + [TensorType](repeating: TensorType(input.dtype, last), count: states)
  }

  /// `x` held between −clip and clip.
  func clipped<Real: RealElement>(_ x: Real) -> Real {
    guard let clip else { return x }
    return max(-Real(clip), min(Real(clip), x))
  }
}

/// The extents of one run of a recurrent layer.
struct RecurrentShapes: Sendable {
  let length: Int
  let batch: Int
  let inputSize: Int
  let hidden: Int
  let directions: Int
  /// How many steps each sequence has.
  let lengths: [Int]
  let isBatchFirst: Bool

  /// Reads the shapes of inputs X, W, R, B and the sequences' lengths.
  ///
  /// - Throws: `OperatorError` where they do not fit.
  init(_ layer: RecurrentLayer, _ context: ExecutionContext) throws {
    let input = try context.input(0, "X")
    guard input.shape.rank == 3 else {
      throw OperatorError.inputShape(
        index: 0, expected: "[length, batch, input size]", found: input.shape)
    }
    isBatchFirst = layer.isBatchFirst
    length = input.shape[isBatchFirst ? 1 : 0]
    batch = input.shape[isBatchFirst ? 0 : 1]
    inputSize = input.shape[2]
    directions = layer.directionCount
    let recurrence = try context.input(2, "R", input.dtype)
    hidden = recurrence.shape.rank == 3 ? recurrence.shape[2] : 0
    if let stated = layer.hiddenSize, stated != hidden {
      throw OperatorError.attribute(
        "hidden_size", expected: "\(hidden), as R has it", found: "\(stated)")
    }
    let rows = layer.gateCount * hidden
    _ = try context.input(2, "R", input.dtype, [directions, rows, hidden])
    _ = try context.input(1, "W", input.dtype, [directions, rows, inputSize])
    _ = try context.optionalInput(3, of: input.dtype, [directions, 2 * rows])
    let stated = try context.optionalIntegers(4, "sequence_lens")
    let length = length
    if let stated {
      guard stated.count == batch else {
        throw OperatorError.inputShape(index: 4, expected: "[\(batch)]", found: [stated.count])
      }
      guard stated.allSatisfy({ (0...length).contains($0) }) else {
        throw OperatorError.inputValue(
          index: 4, expected: "lengths from 0 to \(length)", found: "\(stated)")
      }
    }
    lengths = stated ?? [Int](repeating: length, count: batch)
  }

  /// The shape of Y.
  var allShape: Shape {
    isBatchFirst
      ? [batch, length, directions, hidden] : [length, directions, batch, hidden]
  }

  /// The shape of a state.
  var stateShape: Shape {
    isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
  }

  /// Where the elements of X at a time begin.
  func input(_ time: Int, _ lane: Int) -> Int {
    (isBatchFirst ? lane * length + time : time * batch + lane) * inputSize
  }

  /// Where the elements of Y at a time begin.
  func output(_ time: Int, _ direction: Int, _ lane: Int) -> Int {
    isBatchFirst
      ? ((lane * length + time) * directions + direction) * hidden
      : ((time * directions + direction) * batch + lane) * hidden
  }

  /// Where the elements of a state begin.
  func state(_ direction: Int, _ lane: Int) -> Int {
    (isBatchFirst ? lane * directions + direction : direction * batch + lane) * hidden
  }
}
