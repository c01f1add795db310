import Kernels
import ModelGraph
import Tensors

extension GroupNormalizationOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    try ChannelNormalizationGradient.add(site, groups: groups, epsilon: epsilon)
  }
}

extension InstanceNormalizationOperator: DifferentiableOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    try ChannelNormalizationGradient.add(
      site, groups: max(1, site.shape(0)[1]), epsilon: epsilon)
  }
}

/// `imgconv.GroupNormalizationGradient`: the gradients of ONNX GroupNormalization with respect to X,
/// scale and bias, from dY, X `[N, C, D…]` and scale `[C]`; attributes `num_groups`, `epsilon`.
///
/// With x̂ = (x − mean) / √(variance + epsilon) and n elements a group,
///
///     dX = (γ dY − Σ γ dY / n − x̂ Σ γ dY x̂ / n) / √(variance + epsilon)
///     dscale = Σ dY x̂, dbias = Σ dY
struct ChannelNormalizationGradient: RealOperator {
  static let opType = "GroupNormalizationGradient"
  static let domain = GradientSite.domain

  private let groups: Int
  private let epsilon: Float

  init(_ attributes: inout AttributeReader) throws {
    groups = try attributes.int("num_groups")
    epsilon = try attributes.float("epsilon", default: 1e-5)
    guard groups >= 1 else {
      throw OperatorError.attribute(
        "num_groups", expected: "a positive number", found: "\(groups)")
    }
  }

  /// The gradient of a normalisation over groups of channels.
  static func add(
    _ site: GradientSite, groups: Int, epsilon: Float
  ) throws -> [String?] {
    let wantsParameters = site.needs(1) || site.needs(2)
    return site.addOwn(
      opType, [try site.outputGradient(), site.input(0), site.input(1)],
      outputCount: wantsParameters ? 3 : 1,
      ["num_groups": .int(Int64(groups)), "epsilon": .float(epsilon)])
      + (wantsParameters ? [] : [nil, nil])
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let scale = try context.type(2, "scale")
    return Array([try context.type(1, "X"), scale, scale].prefix(context.outputCount))
  }

  func run<Real: RealElement>(
    as type: Real.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(1, "X", Real.dtype)
    let gradient = try context.input(0, "dY", Real.dtype, input.shape)
    guard input.shape.rank >= 2, input.shape[1] % groups == 0 else {
      throw OperatorError.inputShape(
        index: 1, expected: "[N, C, D1, …], C divisible into \(groups)", found: input.shape)
    }
    let channels = input.shape[1]
    let scale = try context.input(2, "scale", Real.dtype, [channels])
    let output = try context.allocate(reusing: 0)
    let factors = context.isRequested(1) ? try context.allocate(Real.dtype, [channels]) : nil
    let terms = context.isRequested(2) ? try context.allocate(Real.dtype, [channels]) : nil
    for result in [factors, terms] { result?.fill(with: nil) }
    guard input.elementCount > 0 else { return [output, factors, terms] }
    if Real.self == Float.self {
      Normalization.groupGradient(
        input.pointer(), gradient: gradient.pointer(), batch: input.shape[0], channels: channels,
        pixels: input.shape.elementCount(of: 2..<input.shape.rank), groups: groups,
        scale: scale.pointer(), epsilon: epsilon, sourceGradient: output.mutablePointer(),
        scaleGradient: factors?.mutablePointer(), biasGradient: terms?.mutablePointer())
    } else {
      differentiate(
        input, gradient, scale, output, factors?.mutablePointer(), terms?.mutablePointer(),
        as: type)
    }
    return [output, factors, terms]
  }

  /// The gradient by its definition.
  private func differentiate<Real: RealElement>(
    _ input: Tensor, _ gradient: Tensor, _ scale: Tensor, _ output: Tensor,
    _ factors: UnsafeMutablePointer<Real>?, _ terms: UnsafeMutablePointer<Real>?,
    as type: Real.Type
  ) {
    let pixels = input.shape.elementCount(of: 2..<input.shape.rank)
    let channels = input.shape[1]
    let count = channels / groups * pixels
    let (x, dy) = (input.pointer(as: type), gradient.pointer(as: type))
    let (gamma, dx) = (scale.pointer(as: type), output.mutablePointer(as: type))
    for run in 0..<(input.shape[0] * groups) {
      let first = run * count
      let moments = RowMoments(x + first, count: count)
      let (mean, inverse) = (Real(moments.mean), Real(moments.inverseDeviation(epsilon)))
      var (sum, product): (Real, Real) = (0, 0)
      for index in first..<(first + count) {
        let channel = index / pixels % channels
        let normal = (x[index] - mean) * inverse
        factors?[channel] += dy[index] * normal
        terms?[channel] += dy[index]
        sum += dy[index] * gamma[channel]
        product += dy[index] * gamma[channel] * normal
      }
      let (share, slope) = (sum / Real(count), product / Real(count))
      for index in first..<(first + count) {
        let weighted = dy[index] * gamma[index / pixels % channels]
        dx[index] = inverse * (weighted - share - (x[index] - mean) * inverse * slope)
      }
    }
  }
}
