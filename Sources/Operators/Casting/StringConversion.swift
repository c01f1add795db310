import Foundation
import Tensors

extension Tensor {
  /// Strings that are decimal or scientific numbers, or `INF`, `-INF`, `NaN` in any case, as elements
  /// of `dtype`.
  ///
  /// - Throws: `OperatorError.inputValue` for any other string.
  func parsed(as dtype: DType, _ rules: ConversionRules) throws -> Tensor {
    if dtype == .int64 || dtype == .uint64 {
      let integers = strings.map {
        dtype == .int64 ? Int64($0) : UInt64($0).map(Int64.init(bitPattern:))
      }
      if integers.allSatisfy({ $0 != nil }) {
        return try Tensor(integers.compactMap { $0 }, shape).bitCast(to: dtype)
      }
    }
    let numbers = try strings.map { text in
      guard let number = Self.number(text) else {
        throw OperatorError.inputValue(index: 0, expected: "numbers", found: "\"\(text)\"")
      }
      return number
    }
    return try Tensor(numbers, shape).converted(to: dtype, rules)
  }

  private static func number(_ text: String) -> Double? {
    let trimmed = text.trimmingCharacters(in: .whitespaces)
    switch trimmed.lowercased() {
    case "inf", "+inf": return .infinity
    case "-inf": return -.infinity
    case "nan": return .nan
    case "true": return 1
    case "false": return 0
    default: return Double(trimmed)
    }
  }

  /// The elements in plain decimal notation, with as few digits as tell them apart.
  ///
  /// - Throws: `TensorError.unsupportedType` for complex numbers.
  func formatted() throws -> Tensor {
    let texts: [String]
    switch dtype {
    case .bool: texts = doubles.map { $0 == 0 ? "False" : "True" }
    case .uint64: texts = array(of: UInt64.self).map(String.init)
    case let other where other.isInteger:
      texts = try converted(to: .int64).array(of: Int64.self).map(String.init)
    case .float64: texts = array(of: Double.self).map { Self.plain($0, "\($0)") }
    default:
      texts = try converted(to: .float32).array(of: Float.self).map {
        Self.plain(Double($0), "\($0)")
      }
    }
    return try Tensor(strings: texts, shape)
  }

  private static func plain(_ number: Double, _ shortest: String) -> String {
    if number.isNaN { return "NaN" }
    if number.isInfinite { return number < 0 ? "-INF" : "INF" }
    return shortest
  }
}
