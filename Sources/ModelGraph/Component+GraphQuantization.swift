import FileIO
import Tensors

extension Component {
  /// The component, with the quantization of weights that only its graphs tell: those that a
  /// DequantizeLinear reads whose scales are weights too. What is known already stays.
  public var tellingQuantization: Component {
    var told = self
    let infos = Dictionary(
      weights.tensors.map { (ByteString($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    for graph in graphs {
      let sources = Dictionary(
        graph.initializers.map { (ByteString($0.name), $0.weightName) },
        uniquingKeysWith: { first, _ in first })
      for node in graph.nodes where node.opType == "DequantizeLinear" {
        let names = node.inputs.map { sources[ByteString($0)] ?? nil }
        guard names.count >= 2, let weight = names[0], let scale = names[1],
          told.quantization[weight] == nil, let info = infos[ByteString(weight)],
          let scales = infos[ByteString(scale)]
        else { continue }
        let zeroPoint = names.count > 2 ? names[2] : nil
        guard let granularity = node.granularity(weight: info.shape, scales: scales.shape) else {
          continue
        }
        told.quantization[weight] = TensorQuantization(
          originalType: scales.dtype, granularity: granularity, scale: scale,
          zeroPoint: zeroPoint, isSymmetric: zeroPoint == nil)
      }
    }
    return told
  }
}

extension Node {
  /// Over which elements of a weight of that shape one scale of DequantizeLinear holds; nil where
  /// the shapes do not go together.
  fileprivate func granularity(weight: Shape, scales: Shape) -> Granularity? {
    if scales.rank == 0 { return .tensor }
    func int(_ name: String) -> Int? {
      if case .int(let value)? = attributes[name] { Int(exactly: value) } else { nil }
    }
    guard let axis = weight.normalizedAxis(int("axis") ?? 1) else { return nil }
    if let size = int("block_size"), size > 0 { return .group(axis: axis, size: size) }
    guard scales.rank == 1 else { return nil }
    return scales[0] == weight[axis] ? .channel(axis: axis) : nil
  }
}
