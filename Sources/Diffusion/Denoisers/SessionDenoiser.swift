import FileIO
import ModelGraph
import Operators
import Runtime
import Tensors

/// A denoiser's graph, run.
///
/// The graph takes the noisy image (`sample`, `hidden_states`, `x` or `latents`), the time
/// (`timestep`, `timesteps` or `t`) and what its conditioning names; its first output is the
/// prediction.
public struct SessionDenoiser: Denoiser {
  /// Is shown the graph's inputs before every run.
  public typealias InputObserver = ([String: Tensor]) throws -> Void
  /// Runs the graph: inputs to outputs, by name.
  public typealias Runner = ([String: Tensor]) throws -> [String: Tensor]

  /// What an input for the noisy image may be called.
  static let sampleNames = ["sample", "hidden_states", "x", "latents"]
  /// What an input for the time may be called.
  static let timestepNames = ["timestep", "timesteps", "t"]

  /// Whether an input called `name` is the noisy image or the time, not a condition.
  public static func isSampleOrTimestep(_ name: String) -> Bool {
    sampleNames.contains(name) || timestepNames.contains(name)
  }

  /// The session that runs the graph.
  public let session: Session
  /// The graph's input for the noisy image.
  public let sampleInput: ValueInfo
  /// The graph's input for the time.
  public let timestepInput: ValueInfo
  /// The graph's output for the prediction.
  public let output: ValueInfo
  private let timeUnit: Float
  private let observe: InputObserver
  private let run: Runner

  /// Inputs that have no row for each image: the places of tokens.
  public static let sharedNames: Set<String> = ["img_ids", "txt_ids"]

  /// Runs `session`.
  ///
  /// - Parameters:
  ///   - timeUnit: what timesteps are divided by before the graph gets them.
  ///   - observe: is shown the graph's inputs before every run, for calibration.
  ///   - run: runs the graph; nil to let `session` do it.
  /// - Throws: `DiffusionError.graph` where an image, a time or an output is lacking.
  public init(
    _ session: Session, timeUnit: Float = 1, observe: @escaping InputObserver = { _ in },
    run: Runner? = nil
  ) throws(DiffusionError) {
    self.timeUnit = timeUnit
    let names = session.inputs.map(\.name)
    sampleInput = try Self.find(
      Self.sampleNames, in: session.inputs, "a noisy image", names)
    timestepInput = try Self.find(
      Self.timestepNames, in: session.inputs, "a timestep", names)
    guard let output = session.outputs.first else {
      throw .graph(name: "denoiser", expected: "an output", found: ["none"])
    }
    self.output = output
    self.session = session
    self.observe = observe
    self.run = run ?? { try session.run($0) }
  }

  /// The denoiser of images or latents `[N, C, H, W]` that `session` is; one of packed latents
  /// (FLUX.1) packs and unpacks them. The parameters are those of the initializer.
  ///
  /// - Throws: `DiffusionError.graph`.
  public static func ofImages(
    _ session: Session, observe: @escaping InputObserver = { _ in }, run: Runner? = nil
  ) throws(DiffusionError) -> any Denoiser {
    let input = try find(
      sampleNames, in: session.inputs, "a noisy image", session.inputs.map(\.name))
    guard input.isPacked else { return try SessionDenoiser(session, observe: observe, run: run) }
    return PackedDenoiser(
      try SessionDenoiser(
        session, timeUnit: PackedDenoiser.timeUnit, observe: observe, run: run))
  }

  public func predict(
    _ sample: Tensor, timestep: Float, conditioning: Conditioning
  ) throws -> Tensor {
    let inputs = try graphInputs(sample, timestep: timestep, conditioning: conditioning)
    try observe(inputs)
    let outputs = try run(inputs)
    guard let prediction = outputs[output.name] else {
      throw DiffusionError.graph(
        name: "denoiser", expected: output.name, found: outputs.keys.sorted())
    }
    let real = try prediction.converted(to: .float32)
    guard real.shape != sample.shape, real.shape.rank == 4, sample.shape.rank == 4,
      real.shape[1] == 2 * sample.shape[1]
    else { return real }
    // A learned variance follows the prediction.
    return try real.leadingChannels(sample.shape[1])
  }

  /// The graph's inputs for one evaluation, in the graph's own types.
  ///
  /// - Throws: `DiffusionError.missingConditioning`, `.shape`, `OperatorError`.
  public func graphInputs(
    _ sample: Tensor, timestep: Float, conditioning: Conditioning
  ) throws -> [String: Tensor] {
    let count = sample.shape.rank > 0 ? sample.shape[0] : 1
    var inputs: [String: Tensor] = [
      sampleInput.name: try sample.converted(to: sampleInput.type.dtype ?? .float32),
      timestepInput.name: try time(timestep, count: count),
    ]
    for input in session.inputs where inputs[input.name] == nil {
      guard let given = conditioning.inputs[input.name] else {
        throw DiffusionError.missingConditioning(
          input: input.name, given: conditioning.inputs.keys.sorted())
      }
      inputs[input.name] =
        Self.sharedNames.contains(input.name) ? given : try given.rows(count, of: input)
    }
    return inputs
  }

  private func time(_ timestep: Float, count: Int) throws -> Tensor {
    var shape: Shape = [count]
    if let dimensions = timestepInput.type.dimensions {
      if dimensions.isEmpty { shape = .scalar }
      if case .fixed(1) = dimensions.first { shape = [1] }
    }
    let values = [Float](repeating: timestep / timeUnit, count: shape.elementCount)
    let time = try Tensor(values, shape)
    // Some samplers ask between two timesteps.
    if timestep != timestep.rounded(), session.takesAnyNumber(timestepInput.name) { return time }
    return try time.converted(to: timestepInput.type.dtype ?? .float32)
  }

  private static func find(
    _ names: [String], in inputs: [ValueInfo], _ expected: String, _ found: [String]
  ) throws(DiffusionError) -> ValueInfo {
    for name in names {
      if let input = inputs.first(where: { $0.name == name }) { return input }
    }
    throw .graph(
      name: "denoiser", expected: "\(expected), an input \(names.joined(separator: ", "))",
      found: found)
  }
}

extension ValueInfo {
  /// Whether a noisy image comes as a run of 2 by 2 patches.
  var isPacked: Bool { type.dimensions?.count == 3 }
}

extension Tensor {
  /// A conditioning of one row or `count` rows as `count` rows of the input's type.
  fileprivate func rows(_ count: Int, of input: ValueInfo) throws -> Tensor {
    let real = try input.type.dtype.map { try converted(to: $0) } ?? self
    guard let first = shape.dimensions.first, first != count else { return real }
    guard first == 1 else {
      throw DiffusionError.shape(
        name: input.name, expected: try Shape(checking: [count] + shape.dimensions.dropFirst()),
        found: shape)
    }
    let result = try Tensor(
      uninitialized: real.dtype, Shape(checking: [count] + shape.dimensions.dropFirst()))
    let target = result.mutablePointer(as: UInt8.self)
    real.withBytes { bytes in
      for row in 0..<count {
        if let base = bytes.baseAddress {
          (target + row * bytes.count).update(
            from: base.assumingMemoryBound(to: UInt8.self), count: bytes.count)
        }
      }
    }
    return result
  }

  /// The first `channels` of a tensor `[N, C, H, W]` of float32.
  fileprivate func leadingChannels(_ channels: Int) throws -> Tensor {
    let result = try Tensor(
      uninitialized: .float32, Shape(checking: [shape[0], channels, shape[2], shape[3]]))
    let target = result.mutablePointer(as: Float.self)
    let (size, whole) = (channels * shape[2] * shape[3], shape[1] * shape[2] * shape[3])
    withElements(of: Float.self) { source in
      for image in 0..<shape[0] {
        for index in 0..<size { target[image * size + index] = source[image * whole + index] }
      }
    }
    return result
  }
}
