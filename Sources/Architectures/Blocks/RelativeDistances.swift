import Foundation
import Tensors

/// How T5 sorts the distances between tokens into buckets (Raffel et al. 2020, section 2.1).
///
/// Each direction has half of the buckets: the first half of those for one distance each, the
/// others for distances that grow geometrically up to `limit`, beyond which all share the last.
struct RelativeDistances {
  /// How many buckets.
  let buckets: Int
  /// The distance from which on all are alike.
  let limit: Int

  /// Reads `relative_attention_num_buckets` and `relative_attention_max_distance`.
  ///
  /// - Throws: `ArchitectureError.value`.
  init(_ configuration: ConfigurationReader) throws(ArchitectureError) {
    buckets = try configuration.int(
      "relative_attention_num_buckets", default: 32, in: 4...65536)
    limit = try configuration.int(
      "relative_attention_max_distance", default: 128, in: 1...65536)
    guard limit > buckets / 4 else {
      throw configuration.value(
        "relative_attention_max_distance", expected: "more than \(buckets / 4)",
        found: "\(limit)")
    }
  }

  /// The bucket of a key `distance` tokens after the query, rounded in fp32 as PyTorch does.
  func bucket(_ distance: Int) -> Int {
    let half = buckets / 2
    let exact = half / 2
    let start = distance > 0 ? half : 0
    let size = abs(distance)
    guard size >= exact else { return start + size }
    let ratio = logf(Float(size) / Float(exact)) / Float(log(Double(limit) / Double(exact)))
    return start + min(exact + Int(ratio * Float(half - exact)), half - 1)
  }

  /// The buckets of distances from -limit to limit.
  var table: [Int64] { (-limit...limit).map { Int64(bucket($0)) } }
}

extension NetworkBuilder {
  /// What the distances between the tokens of `ids` `[N, T]` add to scores: `[1, heads, T, T]`, out
  /// of `name.weight` `[buckets, heads]`.
  func relativeBias(
    _ name: String, _ distances: RelativeDistances, ids: String, heads: Int
  ) throws(ArchitectureError) -> String {
    let count = reshape(shape(ids, 1..<2), [])
    let places = add("Range", [integer(0), count, integer(1)])
    let limit = Int64(distances.limit)
    let between = add("Sub", [unsqueeze(places, [0]), unsqueeze(places, [1])])
    let bounded = add("Clip", [between, integer(-limit), integer(limit)])
    let index = add("Add", [bounded, integer(limit)])
    let buckets = add("Gather", [integers(distances.table), index], ["axis": .int(0)])
    let values = try embedding(buckets, name, count: distances.buckets, size: heads)
    return unsqueeze(transpose(values, [2, 0, 1]), [0])
  }
}
