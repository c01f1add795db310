import Glibc
import Tensors

/// Which scheme each weight gets: ordered rules, the first whose pattern matches wins, then the
/// default for weights that a multiplication uses.
public struct Recipe: Hashable, Sendable {
  /// A pattern of tensor names and the scheme of those it matches.
  public struct Rule: Hashable, Sendable {
    /// A shell pattern over the whole tensor name: `*` any text, `?` one character, `[…]` a set.
    public var pattern: String
    /// What a matching tensor gets.
    public var scheme: WeightScheme
    /// What the activations that a matching weight multiplies get; nil for the default.
    public var activations: ActivationScheme?

    /// A rule.
    public init(pattern: String, scheme: WeightScheme, activations: ActivationScheme? = nil) {
      self.pattern = pattern
      self.scheme = scheme
      self.activations = activations
    }

    /// Whether the pattern matches `name`.
    public func matches(_ name: String) -> Bool { fnmatch(pattern, name, 0) == 0 }
  }

  /// The scheme of weights that no rule matches and that the default applies to.
  public var defaultScheme: WeightScheme
  /// The rules, first match wins.
  public var rules: [Rule]
  /// Whether values beyond a type's range become its largest, instead of being refused.
  public var saturates: Bool
  /// What the activations of layers with integer weights become.
  public var activations = ActivationScheme.none
  /// Whether the halves of a concatenated activation have scales of their own.
  public var splitsConcatenations = true
  /// Whether the activations of the layers that take the graph's inputs and make its outputs are
  /// quantized as those between.
  public var quantizesEnds = false
  /// How weights become integers; nil for second-order where there is something to calibrate on,
  /// else nearest.
  public var rounding: WeightRounding?
  /// How a weight's ranges are chosen, `minMax` or `meanSquare`; nil for `minMax`.
  public var weightRange: RangeMethod?
  /// Whether biases make up for what quantized products lack on average; nil for yes with
  /// second-order rounding.
  public var correctsBias: Bool?
  /// Whether consecutive weights are scaled to equal ranges, channel by channel.
  public var equalizes = false
  /// How much of an activation's range passes to the weights, over 0 to 1; nil for nothing.
  public var smoothing: Float?
  /// What calibration runs.
  public var calibration = CalibrationSettings()
  /// What the choice of layers to keep in fp16 must hold to; nil to keep what the rules say.
  public var budget: Budget?

  /// A recipe.
  public init(defaultScheme: WeightScheme, rules: [Rule] = [], saturates: Bool = false) {
    self.defaultScheme = defaultScheme
    self.rules = rules
    self.saturates = saturates
  }
}

/// What calibration runs, where inputs are not given.
public struct CalibrationSettings: Hashable, Sendable {
  /// How many samples are drawn.
  public var sampleCount = 16
  /// The seed of the first sample; sample k uses seed + k.
  public var seed: UInt64 = 0
  /// How many steps the trajectory has; nil for the model's own.
  public var stepCount: Int?
  /// What the samples' images show, in turn, for models that take a text.
  public var prompts: [String] = []
  /// The most rows that one evaluation adds to a layer's second moments.
  public var rowLimit = 2048

  /// The defaults: 16 samples from seed 0.
  public init() {}
}

extension Recipe {
  /// Whether anything in the recipe cannot do without calibration.
  public var needsCalibration: Bool {
    let schemes = [activations] + rules.compactMap(\.activations)
    let isStatic = schemes.contains { if case .fixed = $0 { true } else { false } }
    return isStatic || smoothing != nil || rounding == .secondOrder || correctsBias == true
      || budget != nil
  }

  /// The recipe with its open choices made.
  ///
  /// - Parameter isCalibrated: whether there is something to calibrate on.
  public func resolved(isCalibrated: Bool) -> Recipe {
    var recipe = self
    let rounding = rounding ?? (isCalibrated ? .secondOrder : .nearest)
    recipe.rounding = rounding
    recipe.weightRange = weightRange ?? .minMax
    recipe.correctsBias = correctsBias ?? (rounding == .secondOrder)
    return recipe
  }
}
