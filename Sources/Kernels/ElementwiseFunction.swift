import CImgKernels

/// A function of one fp32 number, with the worst error over a dense sample in units in the last place (ulp) of results of
/// at least 2^-119 (below, at most 2^-126 apart); those without a figure are rounded correctly.
///
/// NaN gives NaN. The bits of a result depend neither on the instruction set, nor on the place in the array, nor on the
/// number of threads (but for the payload of a NaN).
public enum ElementwiseFunction: Equatable, Sendable {
  /// e^x, 1 ulp.
  case exp
  /// log x, 1 ulp; -Inf at 0, NaN below.
  case log
  /// tanh x, 1 ulp.
  case tanh
  /// 1 / (1 + e^-x), 3 ulp.
  case sigmoid
  /// x sigmoid(x), 4 ulp; NaN at -Inf.
  case silu
  /// ½ x (1 + erf(x / √2)), 7 ulp; NaN at -Inf.
  case gelu
  /// ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))), error at most 2^-22 |x|; NaN at -Inf.
  case geluTanh
  /// erf x, 1 ulp.
  case erf
  /// sin x, 1 ulp for every finite x.
  case sin
  /// cos x, 1 ulp for every finite x.
  case cos
  /// log(1 + e^x), 2 ulp.
  case softplus
  /// x tanh(softplus x), 4 ulp; NaN at -Inf.
  case mish
  /// x, or alpha (e^x - 1) below 0; 3 ulp.
  case elu(alpha: Float)
  /// gamma times (x, or alpha (e^x - 1) below 0); 3 ulp.
  case selu(alpha: Float, gamma: Float)
  /// The larger of x and 0; -0 stays.
  case relu
  /// x, or alpha x below 0.
  case leakyRelu(alpha: Float)
  /// alpha x + beta held to 0 ... 1.
  case hardSigmoid(alpha: Float, beta: Float)
  /// x times (alpha x + beta held to 0 ... 1), two roundings; ONNX has alpha 1/6 and beta ½.
  case hardSwish(alpha: Float, beta: Float)
  /// √x; NaN below 0.
  case squareRoot
  /// 1 / √x, two roundings.
  case reciprocalSquareRoot
  /// 1 / x.
  case reciprocal
  /// |x|.
  case absolute
  /// -x.
  case negative
  /// The largest integer not above x.
  case floor
  /// The smallest integer not below x.
  case ceiling
  /// The nearest integer, halves to even.
  case round
  /// x held to low ... high; high where low is above it.
  case clip(low: Float, high: Float)
  /// scale x + shift with one rounding.
  case affine(scale: Float, shift: Float)
  /// x².
  case square

  /// The C kernel's code and its two parameters.
  var kernel: (op: imgk_unary_op, alpha: Float, beta: Float) {
    switch self {
    case .elu(let alpha): (IMGK_UNARY_ELU, alpha, 0)
    case .selu(let alpha, let gamma): (IMGK_UNARY_SELU, alpha, gamma)
    case .leakyRelu(let alpha): (IMGK_UNARY_LEAKY_RELU, alpha, 0)
    case .hardSigmoid(let alpha, let beta): (IMGK_UNARY_HARD_SIGMOID, alpha, beta)
    case .hardSwish(let alpha, let beta): (IMGK_UNARY_HARD_SWISH, alpha, beta)
    case .clip(let low, let high): (IMGK_UNARY_CLIP, low, high)
    case .affine(let scale, let shift): (IMGK_UNARY_AFFINE, scale, shift)
    default: (plainCode, 0, 0)
    }
  }

  private var plainCode: imgk_unary_op {
    switch self {
    case .exp: IMGK_UNARY_EXP
    case .log: IMGK_UNARY_LOG
    case .tanh: IMGK_UNARY_TANH
    case .sigmoid: IMGK_UNARY_SIGMOID
    case .silu: IMGK_UNARY_SILU
    case .gelu: IMGK_UNARY_GELU
    case .geluTanh: IMGK_UNARY_GELU_TANH
    case .erf: IMGK_UNARY_ERF
    case .sin: IMGK_UNARY_SIN
    case .cos: IMGK_UNARY_COS
    case .softplus: IMGK_UNARY_SOFTPLUS
    case .mish: IMGK_UNARY_MISH
    case .squareRoot: IMGK_UNARY_SQRT
    case .reciprocalSquareRoot: IMGK_UNARY_RSQRT
    case .reciprocal: IMGK_UNARY_RECIPROCAL
    case .absolute: IMGK_UNARY_ABS
    case .negative: IMGK_UNARY_NEG
    case .floor: IMGK_UNARY_FLOOR
    case .ceiling: IMGK_UNARY_CEIL
    case .round: IMGK_UNARY_ROUND
    case .square: IMGK_UNARY_SQUARE
    default: IMGK_UNARY_RELU
    }
  }
}
