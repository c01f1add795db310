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

    /// A rule.
    public init(pattern: String, scheme: WeightScheme) {
      self.pattern = pattern
      self.scheme = scheme
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

  /// A recipe.
  public init(defaultScheme: WeightScheme, rules: [Rule] = [], saturates: Bool = false) {
    self.defaultScheme = defaultScheme
    self.rules = rules
    self.saturates = saturates
  }
}
