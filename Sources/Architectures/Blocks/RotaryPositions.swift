import Foundation
import ModelGraph
import Tensors

/// Cosines and sines by which pairs of channels are turned (Su et al., *RoFormer*, 2021).
struct RotaryPositions {
  /// `[N, tokens, size / 2]`.
  var cosines: String
  /// `[N, tokens, size / 2]`.
  var sines: String
}

extension NetworkBuilder {
  /// The turns of tokens at places `ids` `[tokens, axes]` (diffusers `FluxPosEmbed`).
  ///
  /// Axis a of `sizes[a]` channels turns pair i by place · 10000^(-2 i / sizes[a]), in fp64.
  ///
  /// - Parameter like: a value whose first axis is the batch.
  func rotaryPositions(_ ids: String, sizes: [Int], like: String) -> RotaryPositions {
    let places = cast(ids, to: .float64)
    var phases: [String] = []
    for (axis, size) in sizes.enumerated() {
      let rates = (0..<(size / 2)).map { 1 / pow(10000, Double(2 * $0) / Double(size)) }
      phases.append(
        add("Mul", [slice(places, axis..<(axis + 1), axis: 1), doubles(rates, [1, size / 2])]))
    }
    let turns = split(sinesAndCosines(concat(phases, axis: 1), axis: 1), into: 2, axis: 1)
    let target = concat([shape(like, 0..<1), shape(turns[0], 0..<2)], axis: 0)
    func spread(_ x: String) -> String { add("Expand", [unsqueeze(x, [0]), target]) }
    return RotaryPositions(cosines: spread(turns[1]), sines: spread(turns[0]))
  }

  /// Neighbouring channels (a, b) of `x` `[N, heads, tokens, size]` as (a cos - b sin, b cos + a
  /// sin) (ONNX RotaryEmbedding, interleaved).
  func rotated(_ x: String, _ positions: RotaryPositions) -> String {
    add("RotaryEmbedding", [x, positions.cosines, positions.sines], ["interleaved": .int(1)])
  }

  /// Queries and keys turned.
  func rotated(_ operands: AttentionOperands, _ positions: RotaryPositions) -> AttentionOperands {
    AttentionOperands(
      query: rotated(operands.query, positions), key: rotated(operands.key, positions),
      value: operands.value)
  }
}
