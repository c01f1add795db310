/// An operator with a gradient rule: what a change of the loss with its results says about its
/// inputs.
public protocol DifferentiableOperator: Operator {
  /// Writes nodes that compute the gradients with respect to the inputs that `site.needs` tells.
  ///
  /// - Returns: for each input the name of its gradient, of the input's type and shape; nil where it
  ///   is not needed or is zero.
  /// - Throws: `OperatorError.unsupported` for a use of the operator without a rule.
  func gradient(_ site: GradientSite) throws -> [String?]
}

/// An operator whose results do not change with small changes of its inputs, so that no gradient
/// passes it: comparisons, roundings, shapes.
public protocol PiecewiseConstantOperator: Operator {}

/// An operator on one tensor, element by element.
protocol SlopedOperator: DifferentiableOperator {
  /// The name of the function's derivative at each element of input 0.
  func slope(_ site: GradientSite) throws -> String
}

extension SlopedOperator {
  func gradient(_ site: GradientSite) throws -> [String?] {
    [site.multiply(try site.outputGradient(), try slope(site))]
  }
}
