import Kernels
import ModelGraph
import Tensors

/// `DFT` (ai.onnx 17, 20): the discrete Fourier transform along one axis of real `[…, 1]` or complex
/// `[…, 2]` numbers, computed in fp64.
///
/// The signal is cut or filled with zeros to `dft_length`. `onesided` gives the first
/// `dft_length / 2 + 1` frequencies, or with `inverse` takes them and gives real numbers `[…, 1]`.
/// The inverse divides by the length.
struct DFTOperator: RealOperator {
  static let opType = "DFT"

  private let isInverse: Bool
  private let isOneSided: Bool

  init(_ attributes: inout AttributeReader) throws {
    isInverse = try attributes.flag("inverse", default: false)
    isOneSided = try attributes.flag("onesided", default: false)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let input = try context.type(0, "input")
    guard var dimensions = input.dimensions, dimensions.count >= 2 else { return [input] }
    let rank = dimensions.count
    dimensions[rank - 1] = .fixed(isInverse && isOneSided ? 1 : 2)
    guard let axis = context.has(2) ? context.ints(2)?.first : -2 else {
      return [.unknown(input.dtype, rank: rank)]
    }
    let place = try Self.axis(axis, rank: rank)
    let length = context.has(1) ? context.ints(1)?.first : defaultLength(input.dimensions, place)
    dimensions[place] = length.map { .fixed(resultCount(max(0, $0))) } ?? .unknown
    return [TensorType(input.dtype, dimensions)]
  }

  private func defaultLength(_ dimensions: [Dimension]?, _ axis: Int) -> Int? {
    dimensions?[axis].fixedValue.map { isInverse && isOneSided ? 2 * ($0 - 1) : $0 }
  }

  private func resultCount(_ length: Int) -> Int {
    isOneSided && !isInverse ? length / 2 + 1 : length
  }

  /// `axis` counted from the front; the last axis holds the complex parts.
  private static func axis(_ axis: Int, rank: Int) throws -> Int {
    let place = try normalized(axis: axis, rank: rank)
    guard place < rank - 1 else {
      throw OperatorError.attribute(
        "axis", expected: "an axis before the last of \(rank)", found: "\(axis)")
    }
    return place
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "input")
    let rank = input.shape.rank
    guard rank >= 2, (1...2).contains(input.shape[rank - 1]) else {
      throw OperatorError.inputShape(index: 0, expected: "[…, 1] or […, 2]", found: input.shape)
    }
    let axis = try Self.axis(context.has(2) ? context.integer(2, "axis") : -2, rank: rank)
    let given = input.shape[axis]
    let length =
      context.has(1)
      ? try context.integer(1, "dft_length") : isInverse && isOneSided ? 2 * (given - 1) : given
    guard length >= 1, length <= WindowAttributes.limit else {
      throw OperatorError.inputValue(
        index: 1, expected: "a positive length", found: "\(length)")
    }
    var dimensions = input.shape.dimensions
    dimensions[axis] = resultCount(length)
    dimensions[rank - 1] = isInverse && isOneSided ? 1 : 2
    let output = try context.allocate(input.dtype, Shape(checking: dimensions))
    let transform = FourierTransform(count: length, isInverse: isInverse)
    let lines = SignalLines<Real>(
      input: input.pointer(), output: output.mutablePointer(), inputCount: given,
      outputCount: dimensions[axis], stride: input.shape.elementCount(of: (axis + 1)..<(rank - 1)),
      inputParts: input.shape[rank - 1], outputParts: dimensions[rank - 1],
      scale: isInverse ? 1 / Double(length) : 1, mirrors: isInverse && isOneSided)
    let outer = input.shape.elementCount(of: 0..<axis)
    Parallel.forEachIndex(count: outer * lines.stride) { lines.run($0, transform) }
    return [output]
  }
}

/// The lines of a tensor along the axis to be transformed.
private struct SignalLines<Real: RealElement> {
  let input: UnsafePointer<Real>
  let output: UnsafeMutablePointer<Real>
  let inputCount: Int
  let outputCount: Int
  let stride: Int
  let inputParts: Int
  let outputParts: Int
  let scale: Double
  /// Whether the line holds the first half of a conjugate symmetric spectrum.
  let mirrors: Bool

  func run(_ line: Int, _ transform: FourierTransform) {
    let (outer, inner) = line.quotientAndRemainder(dividingBy: stride)
    let length = transform.count
    var values = [FourierTransform.Complex](repeating: .zero, count: length)
    for index in 0..<min(inputCount, mirrors ? length / 2 + 1 : length) {
      let place = ((outer * inputCount + index) * stride + inner) * inputParts
      values[index] = .init(
        Double(input[place]), inputParts == 2 ? Double(input[place + 1]) : 0)
    }
    if mirrors {
      values[0].y = 0
      for index in (length / 2 + 1)..<max(length, length / 2 + 1) {
        values[index] = .init(values[length - index].x, -values[length - index].y)
      }
      if length % 2 == 0 { values[length / 2].y = 0 }
    }
    let result = transform(values)
    for index in 0..<outputCount {
      let place = ((outer * outputCount + index) * stride + inner) * outputParts
      output[place] = Real(result[index].x * scale)
      if outputParts == 2 { output[place + 1] = Real(result[index].y * scale) }
    }
  }
}
