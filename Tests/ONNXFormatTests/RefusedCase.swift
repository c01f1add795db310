import ONNXFormat
import Testing

/// A model that must be refused, and what the user is to read then.
struct RefusedCase: CustomTestStringConvertible, Sendable {
  let name: String
  let model: @Sendable () -> WireBuilder
  /// The message after the file's path.
  let message: String
  let kind: ONNXError.Kind

  init(
    _ name: String, _ message: String, kind: ONNXError.Kind = .badInput,
    _ model: @escaping @Sendable () -> WireBuilder
  ) {
    self.name = name
    self.message = message
    self.kind = kind
    self.model = model
  }

  var testDescription: String { name }

  /// Reads the model, and all its weights, and compares the error.
  func check() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("model.onnx", model().bytes)
    expectRefusal(of: path, kind: kind, message)
  }
}

/// Reads the model at `path` and all its weights; expects the error that says `message`, after the
/// path.
func expectRefusal(
  of path: String, options: ONNXOptions = ONNXOptions(), kind: ONNXError.Kind = .badInput,
  _ message: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  do {
    try readAll(path, options: options)
    Issue.record("accepted", sourceLocation: sourceLocation)
  } catch let error as ONNXError {
    #expect(error.description == "\(path): \(message)", sourceLocation: sourceLocation)
    #expect(error.kind == kind, sourceLocation: sourceLocation)
  } catch {
    Issue.record("not an ONNXError: \(error)", sourceLocation: sourceLocation)
  }
}

/// Reads the model at `path` and the elements of all its weights.
func readAll(_ path: String, options: ONNXOptions = ONNXOptions()) throws {
  for component in try ONNXReader.read(path: path, options: options).components {
    for index in component.weights.tensors.indices { _ = try component.weights.tensor(index) }
  }
}
