import ModelGraph
import Tensors

extension QuantizeLinearOperator: DifferentiableOperator {
  /// Straight through: the gradient as it is where x lies in the range that the integers hold, 0
  /// where it is saturated; none for scale and zero point. With blocks nothing is cut.
  func gradient(_ site: GradientSite) throws -> [String?] {
    let gradient = try site.outputGradient()
    guard blockSize == 0 else { return site.padded([gradient]) }
    let scale = try site.alongAxis(1, axis)
    let restored = site.add(
      "DequantizeLinear", [site.output()] + site.node.inputs.dropFirst(),
      ["axis": .int(Int64(axis))])
    let distance = site.add("Abs", [site.subtract(site.input(0), restored)])
    let dtype = site.inputs[0]?.type.dtype ?? .float32
    // Rounding moves no element by more than half a step.
    let reach = site.multiply(scale, try site.number(0.50001, as: dtype))
    return site.padded([
      site.select(
        site.add("LessOrEqual", [distance, reach]), gradient, try site.number(0, as: dtype))
    ])
  }
}

extension DequantizeLinearOperator: DifferentiableOperator {
  /// The gradient as it is: with QuantizeLinear before it, rounding counts as no change.
  func gradient(_ site: GradientSite) throws -> [String?] {
    site.padded([try site.outputGradient()])
  }
}

extension DynamicQuantizeLinearOperator: DifferentiableOperator {
  /// Straight through: the range holds every element.
  func gradient(_ site: GradientSite) throws -> [String?] { [try site.outputGradient()] }
}

extension GradientSite {
  /// Input `index`, one element or one for each index along `axis` of input 0, broadcast to it.
  fileprivate func alongAxis(_ index: Int, _ axis: Int) throws -> String {
    let (own, data) = (try shape(index), try shape(0))
    guard own.elementCount != 1, own.rank == 1 else { return input(index) }
    var extents = [Int](repeating: 1, count: data.rank)
    extents[try data.checkedAxis(axis)] = own[0]
    return try reshape(input(index), to: Shape.checked(extents))
  }
}
