import Kernels
import ModelGraph
import Tensors

/// `STFT` (ai.onnx 17): Fourier transforms of windowed frames of `signal [N, length, 1 or 2]`,
/// `frame_step` apart: `[N, frames, frequencies, 2]`, computed in fp64.
///
/// `onesided` (the default) gives the first `frame_length / 2 + 1` frequencies.
struct STFTOperator: RealOperator {
  static let opType = "STFT"

  private let isOneSided: Bool

  init(_ attributes: inout AttributeReader) throws {
    isOneSided = try attributes.flag("onesided", default: true)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let signal = try context.type(0, "signal")
    var output: [Dimension] = [.unknown, .unknown, .unknown, .fixed(2)]
    guard let dimensions = signal.dimensions, dimensions.count == 3 else {
      return [TensorType(signal.dtype, output)]
    }
    output[0] = dimensions[0]
    let window = context.optionalType(2)?.dimensions?.first?.fixedValue
    let length =
      context.has(3)
      ? context.ints(3)?.first : context.has(2) ? window : dimensions[1].fixedValue
    if let length, length > 0 {
      output[2] = .fixed(isOneSided ? length / 2 + 1 : length)
      if let whole = dimensions[1].fixedValue, let step = context.ints(1)?.first, step > 0,
        length <= whole
      {
        output[1] = .fixed((whole - length) / step + 1)
      }
    }
    return [TensorType(signal.dtype, output)]
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let signal = try context.input(0, "signal")
    guard signal.shape.rank == 3, (1...2).contains(signal.shape[2]) else {
      throw OperatorError.inputShape(
        index: 0, expected: "[N, length, 1] or [N, length, 2]", found: signal.shape)
    }
    let (batch, whole, parts) = (signal.shape[0], signal.shape[1], signal.shape[2])
    let step = try context.integer(1, "frame_step")
    let window = try context.optionalInput(2, of: signal.dtype)
    let length =
      context.has(3) ? try context.integer(3, "frame_length") : window?.elementCount ?? whole
    guard step >= 1, length >= 1, length <= whole else {
      throw OperatorError.inputValue(
        index: 3, expected: "a step of at least 1 and a frame of 1 to \(whole)",
        found: "\(step) and \(length)")
    }
    if let window, window.shape != [length] {
      throw OperatorError.inputShape(index: 2, expected: "[\(length)]", found: window.shape)
    }
    let frames = (whole - length) / step + 1
    let bins = isOneSided ? length / 2 + 1 : length
    let output = try context.allocate(
      signal.dtype, try Shape(checking: [batch, frames, bins, 2]))
    let transform = FourierTransform(count: length, isInverse: false)
    let source = signal.pointer(as: Real.self)
    let factors = window?.pointer(as: Real.self)
    let target = output.mutablePointer(as: Real.self)
    Parallel.forEachIndex(count: batch * frames) { index in
      let (image, frame) = index.quotientAndRemainder(dividingBy: frames)
      let first = source + (image * whole + frame * step) * parts
      let values = (0..<length).map { position in
        let factor = Double(factors?[position] ?? 1)
        return FourierTransform.Complex(
          Double(first[position * parts]),
          parts == 2 ? Double(first[position * parts + 1]) : 0) * factor
      }
      let result = transform(values)
      for bin in 0..<bins {
        target[(index * bins + bin) * 2] = Real(result[bin].x)
        target[(index * bins + bin) * 2 + 1] = Real(result[bin].y)
      }
    }
    return [output]
  }
}
