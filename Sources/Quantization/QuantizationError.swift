import FileIO
import Tensors

/// A reason why a model cannot be quantized as asked.
public enum QuantizationError: Error, Equatable, Sendable {
  /// A weight holds NaN or an infinity.
  case notFinite(component: String, tensor: String, index: [Int], value: String)
  /// A value is too large for the type asked for; `count` elements are.
  case overflow(
    component: String, tensor: String, index: [Int], value: Float, type: DType, count: Int)
  /// Every element becomes zero in the type asked for.
  case vanishes(component: String, tensor: String, type: DType)
  /// A rule's pattern matches no tensor.
  case unusedPattern(String)
  /// The weight is quantized already.
  case alreadyQuantized(component: String, tensor: String)
}

extension QuantizationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notFinite(let component, let tensor, let index, let value):
      "\(Self.place(component, tensor)): element \(index): expected a finite value, found \(value)"
    case .overflow(let component, let tensor, let index, let value, let type, let count):
      "\(Self.place(component, tensor)): element \(index): \(value) does not fit \(type.name) "
        + "(\(count) such \(count == 1 ? "element" : "elements")); keep the tensor in fp32 or bf16, "
        + "or give --saturate"
    case .vanishes(let component, let tensor, let type):
      "\(Self.place(component, tensor)): every element becomes zero in \(type.name); "
        + "keep the tensor in fp32 or bf16"
    case .unusedPattern(let pattern):
      "the pattern \"\(pattern.escapedForDisplay)\" matches no tensor"
    case .alreadyQuantized(let component, let tensor):
      "\(Self.place(component, tensor)): is quantized already; quantize the original instead"
    }
  }

  private static func place(_ component: String, _ tensor: String) -> String {
    "\(component.escapedForDisplay): tensor \(tensor.escapedForDisplay(limit: 300))"
  }
}
