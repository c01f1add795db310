extension BlockSettings {
  /// The settings of normalisation and activation that every UNet's configuration has.
  ///
  /// - Throws: `ArchitectureError` for values of another kind.
  init(normalizing configuration: ConfigurationReader) throws(ArchitectureError) {
    self.init(
      epsilon: try configuration.double("norm_eps", default: 1e-5),
      activation: try configuration.choice("act_fn", default: .silu))
    // An explicit null leaves the groups to each block; an absent key means 32.
    let isNull = configuration.has("norm_num_groups") && configuration.raw("norm_num_groups") == nil
    groups = isNull ? nil : try configuration.int("norm_num_groups", default: 32)
  }
}
