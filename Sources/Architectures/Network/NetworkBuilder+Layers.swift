import ModelGraph
import Tensors

extension NetworkBuilder {
  /// y = x Wᵀ + b over the last axis (torch `Linear`): Transpose, MatMul, Add.
  ///
  /// `name.weight` is `[outputs, inputs]`, `name.bias` `[outputs]`.
  public func linear(
    _ x: String, _ name: String, _ inputs: Int, _ outputs: Int, bias: Bool = true
  ) throws(ArchitectureError) -> String {
    try scope(name) { () throws(ArchitectureError) in
      let weight = try parameter("weight", [outputs, inputs])
      let product = add("MatMul", [x, transpose(weight, [1, 0])])
      guard bias else { return product }
      return add("Add", [product, try parameter("bias", [outputs])])
    }
  }

  /// A convolution of `[N, inputs, H, W]` (torch `Conv2d`, ONNX Conv).
  ///
  /// - Parameter pads: top, left, bottom, right; nil for `kernel / 2` on all sides.
  public func conv2d(
    _ x: String, _ name: String, _ inputs: Int, _ outputs: Int, kernel: Int = 3,
    stride: Int = 1, pads: [Int]? = nil, bias: Bool = true
  ) throws(ArchitectureError) -> String {
    try scope(name) { () throws(ArchitectureError) in
      var operands = [x, try parameter("weight", [outputs, inputs, kernel, kernel])]
      if bias { operands.append(try parameter("bias", [outputs])) }
      let pads = pads ?? Array(repeating: kernel / 2, count: 4)
      return add(
        "Conv", operands,
        [
          "kernel_shape": .ints([Int64(kernel), Int64(kernel)]),
          "strides": .ints([Int64(stride), Int64(stride)]), "pads": .ints(pads.map(Int64.init)),
        ])
    }
  }

  /// Normalisation over groups of channels of `[N, channels, …]` with scale and bias for each
  /// channel (Wu and He 2018, torch `GroupNorm`, ONNX GroupNormalization).
  ///
  /// - Throws: `ArchitectureError.value` where `groups` does not divide `channels`.
  public func groupNorm(
    _ x: String, _ name: String, _ channels: Int, groups: Int, epsilon: Double
  ) throws(ArchitectureError) -> String {
    try requireGroups(groups, of: channels, name)
    return try scope(name) { () throws(ArchitectureError) in
      let weight = try parameter("weight", [channels])
      return add(
        "GroupNormalization", [x, weight, try parameter("bias", [channels])],
        ["num_groups": .int(Int64(groups)), "epsilon": .float(Float(epsilon))])
    }
  }

  /// Normalisation over the last axis (Ba et al. 2016, torch `LayerNorm`, ONNX
  /// LayerNormalization), without parameters where `affine` is false.
  public func layerNorm(
    _ x: String, _ name: String, _ channels: Int, epsilon: Double = 1e-5, affine: Bool = true,
    bias: Bool = true
  ) throws(ArchitectureError) -> String {
    try scope(name) { () throws(ArchitectureError) in
      var operands = [x]
      operands.append(affine ? try parameter("weight", [channels]) : ones(channels))
      if affine, bias { operands.append(try parameter("bias", [channels])) }
      return add(
        "LayerNormalization", operands, ["axis": .int(-1), "epsilon": .float(Float(epsilon))])
    }
  }

  /// x / √(mean x² + ε) · weight over the last axis (Zhang and Sennrich 2019, ONNX
  /// RMSNormalization), without weight where `affine` is false.
  public func rmsNorm(
    _ x: String, _ name: String, _ channels: Int, epsilon: Double, affine: Bool = true
  ) throws(ArchitectureError) -> String {
    try scope(name) { () throws(ArchitectureError) in
      let weight = affine ? try parameter("weight", [channels]) : ones(channels)
      return add(
        "RMSNormalization", [x, weight], ["axis": .int(-1), "epsilon": .float(Float(epsilon))])
    }
  }

  /// Rows of `name.weight` `[count, size]` by `ids` (torch `Embedding`, ONNX Gather).
  public func embedding(
    _ ids: String, _ name: String, count: Int, size: Int
  ) throws(ArchitectureError) -> String {
    try scope(name) { () throws(ArchitectureError) in
      add("Gather", [try parameter("weight", [count, size]), ids], ["axis": .int(0)])
    }
  }
}

extension NetworkBuilder {
  /// `groupNorm` without parameters; `name` is for messages.
  func plainGroupNorm(
    _ x: String, _ name: String, _ channels: Int, groups: Int, epsilon: Double
  ) throws(ArchitectureError) -> String {
    try requireGroups(groups, of: channels, name)
    return add(
      "GroupNormalization",
      [x, ones(channels), reals(Array(repeating: 0, count: channels), [channels])],
      ["num_groups": .int(Int64(groups)), "epsilon": .float(Float(epsilon))])
  }

  private func requireGroups(
    _ groups: Int, of channels: Int, _ name: String
  ) throws(ArchitectureError) {
    guard groups > 0, channels % groups == 0 else {
      throw .value(
        file: checkpoint.file, key: path(name), expected: "\(groups) groups of equal size",
        found: "\(channels) channels")
    }
  }
}
