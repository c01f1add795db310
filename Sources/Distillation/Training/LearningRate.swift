extension DistillationSettings {
  /// The learning rate of iteration `index` (from 0): grows evenly over the warm-up, then falls
  /// evenly to `finalRateShare` of the highest at the last iteration.
  public func rate(at index: Int) -> Float {
    if index < warmUp { return learningRate * Float(index + 1) / Float(warmUp) }
    let place = Float(index - warmUp) / Float(max(1, iterations - warmUp))
    return learningRate * (1 - (1 - finalRateShare) * min(1, place))
  }
}
