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
  /// Static activations or second-order rounding have nothing to be calibrated on.
  case noCalibrationData(component: String, graph: String)
  /// No run of the calibration computed the value, or only NaN and infinities.
  case unreachedActivation(component: String, value: String)
  /// Scales by timestep need an input that holds it.
  case noTimestepInput(graph: String)
  /// A recipe breaks a rule of its format.
  case recipe(field: String, expected: String, found: String)
  /// No choice of layers keeps the budget.
  case budget(wanted: String, best: String)
  /// A file of measured sensitivities is not what it should be.
  case sensitivities(path: String, reason: String)
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
    case .noCalibrationData(let component, let graph):
      "\(component.escapedForDisplay): graph \(graph.escapedForDisplay): there is nothing to "
        + "calibrate on: the model has no scheduler to make a trajectory with; "
        + "give inputs with --calibration FILE"
    case .unreachedActivation(let component, let value):
      "\(component.escapedForDisplay): value \(value.escapedForDisplay(limit: 300)): expected "
        + "finite values in the calibration's runs, found none"
    case .noTimestepInput(let graph):
      "graph \(graph.escapedForDisplay): scales by step need an input called timestep"
    case .recipe(let field, let expected, let found):
      "recipe: \(field.escapedForDisplay): expected \(expected), "
        + "found \(found.escapedForDisplay(limit: 100))"
    case .budget(let wanted, let best):
      "the budget \(wanted) cannot be kept; the nearest is \(best)"
    case .sensitivities(let path, let reason):
      "\(path.escapedForDisplay): \(reason)"
    }
  }

  private static func place(_ component: String, _ tensor: String) -> String {
    "\(component.escapedForDisplay): tensor \(tensor.escapedForDisplay(limit: 300))"
  }
}
