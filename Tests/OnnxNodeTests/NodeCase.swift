import FileIO
import Foundation
import ModelGraph
import ONNXFormat
import Operators
import Runtime
import Tensors

/// One case of the ONNX backend suite: a folder with `model.onnx` and `test_data_set_0`.
struct NodeCase {
  /// How a case ended.
  enum Outcome {
    case passed
    case failed(String)
    case unsupported(String)
  }

  /// |found − expected| ≤ absolute + relative · |expected|. The suite's own are 1e-3 and 1e-7; its
  /// values come from numpy, which leaves noise of 2e-7 where sums cancel, and rounds every step of
  /// fp16 and bf16 operators where one rounding at the end is nearer: two units in the last place.
  private static let absoluteTolerance = 1e-6
  private static func relativeTolerance(_ dtype: DType) -> Double {
    switch dtype {
    case .float16: 0x1p-9
    case .bfloat16: 0x1p-6
    default: 1e-3
    }
  }

  let folder: URL

  /// The case's name without `test_`.
  var name: String { String(folder.lastPathComponent.dropFirst("test_".count)) }

  /// Reads, raises, plans and runs the model, and compares every output.
  func run() -> Outcome {
    do {
      let model = try ONNXReader.read(path: folder.appendingPathComponent("model.onnx").path)
      let component = model.components[0]
      let declared = component.graphs[0]
      let graph = try OpsetRaising.raise(declared, from: declared.opsetImports[""] ?? 1)
      let session = try Session(graph: graph, weights: component.weights)
      let inputs = try tensors("input").prefix(session.inputs.count)
      guard inputs.count == session.inputs.count else {
        return .failed("expected \(session.inputs.count) inputs, found \(inputs.count)")
      }
      let found = try session.runInOrder(Array(inputs))
      let expected = try tensors("output")
      for (index, pair) in zip(expected, found).enumerated() {
        if let difference = try difference(pair.0, pair.1) {
          return .failed("output \(index): \(difference)")
        }
      }
      return expected.count == found.count
        ? .passed : .failed("expected \(expected.count) outputs, found \(found.count)")
    } catch let error as NodeError where error.isUnsupported {
      return .unsupported("\(error)")
    } catch let error as OperatorError where error.isUnsupported {
      return .unsupported("\(error)")
    } catch RuntimeError.unsupportedOperators(let graph, let operators) {
      return .unsupported("\(RuntimeError.unsupportedOperators(graph: graph, operators))")
    } catch let error as ONNXError where error.kind == .limit {
      return .unsupported("\(error)")
    } catch {
      return .failed("\(error)")
    }
  }

  private func tensors(_ kind: String) throws -> [Tensor] {
    var tensors: [Tensor] = []
    while true {
      let file = folder.appendingPathComponent("test_data_set_0/\(kind)_\(tensors.count).pb")
      guard FileManager.default.fileExists(atPath: file.path) else { return tensors }
      tensors.append(try ONNXReader.tensor(pbPath: file.path).tensor)
    }
  }

  private func difference(_ expected: Tensor, _ found: Tensor) throws -> String? {
    guard expected.dtype == found.dtype else {
      return "expected \(expected.dtype.name), found \(found.dtype.name)"
    }
    guard expected.shape == found.shape else {
      return "expected shape \(expected.shape), found \(found.shape)"
    }
    if [.string, .complex64, .complex128].contains(expected.dtype) {
      return expected.packedBytes() == found.packedBytes() ? nil : "other elements"
    }
    let wanted = try expected.converted(to: .float64).array(of: Double.self)
    let given = try found.converted(to: .float64).array(of: Double.self)
    let relative = Self.relativeTolerance(expected.dtype)
    let wrong = zip(wanted, given).enumerated().first { _, pair in
      if pair.0.isNaN || pair.1.isNaN { return pair.0.isNaN != pair.1.isNaN }
      if pair.0 == pair.1 { return false }
      let limit = Self.absoluteTolerance + relative * abs(pair.0)
      return !(abs(pair.0 - pair.1) <= limit)
    }
    return wrong.map { "element \($0.offset): expected \($0.element.0), found \($0.element.1)" }
  }
}
