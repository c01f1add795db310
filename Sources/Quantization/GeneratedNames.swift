import FileIO
import Tensors

/// The names of the tensors that hold a quantized weight's scales and zero points.
struct GeneratedNames: Hashable, Sendable {
  /// `NAME.scale`, with a number where that is taken.
  let scale: String
  /// `NAME.zero_point`, with a number where that is taken; nil for a symmetric scheme.
  let zeroPoint: String?

  /// Names for the weight `name`, added to `taken`.
  init(for name: String, isSymmetric: Bool, taken: inout Set<ByteString>) {
    scale = Self.free("\(name).scale", &taken)
    zeroPoint = isSymmetric ? nil : Self.free("\(name).zero_point", &taken)
  }

  /// `stem`, or `stem.1`, `stem.2` … where it is taken; the name is taken afterwards.
  static func free(_ stem: String, _ taken: inout Set<ByteString>) -> String {
    var candidate = stem
    var number = 0
    while !taken.insert(ByteString(candidate)).inserted {
      number += 1
      candidate = "\(stem).\(number)"
    }
    return candidate
  }
}
