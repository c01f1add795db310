import FileIO

extension ONNXError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .graph(let place, let error): "\(place): \(error)"
    case .externalFile(let place, let error): "\(place): \(error)"
    case .source(let place, let message): "\(place): \(message)"
    default: wireText ?? modelText ?? tensorText ?? externalText ?? "unknown error"
    }
  }

  private var wireText: String? {
    switch self {
    case .emptyFile(let place): "\(place): expected an ONNX model, found an empty file"
    case .foreignFile(let place, let found): "\(place): expected an ONNX model, found \(found)"
    case .fileTooLarge(let place, let byteCount):
      "\(place): expected less than 2 GiB, protobuf's limit, found \(byteCount) bytes; "
        + "weights beyond that belong into external data"
    case .notAModel(let place): "\(place): expected an ONNX model, found no graph"
    case .truncatedVarint(let place): "\(place): expected a whole varint, found its end cut off"
    case .overlongVarint(let place):
      "\(place): expected a varint of at most 10 bytes, found a longer one"
    case .oversizedVarint(let place): "\(place): expected a varint of 64 bits, found more"
    case .fieldNumber(let place, let found):
      "\(place): expected a field number in 1...536870911, found \(found)"
    case .unknownWireType(let place, let found):
      "\(place): expected a wire type in 0...5, found \(found)"
    case .wrongWireType(let place, let expected, let found):
      "\(place): expected wire type \(expected), found \(found)"
    case .lengthPastEnd(let place, let available, let found):
      "\(place): expected at most \(available) bytes, found a length of \(found)"
    case .lengthTooLarge(let place, let found):
      "\(place): expected a length below 2147483648, found \(found)"
    case .unterminatedGroup(let place): "\(place): expected the group's end, found none"
    case .mismatchedGroupEnd(let place, let expected, let found):
      "\(place): expected \(expected.map { "the end of group \($0)" } ?? "a field"), "
        + "found the end of group \(found)"
    case .nestedTooDeeply(let place, let limit):
      "\(place): expected at most \(limit) nested messages, found more"
    case .repeatedField(let place):
      "\(place): expected the field once, found it again"
        + (place.field?.contains(".") == true ? "" : " (are two models concatenated?)")
    case .packedLength(let place, let width, let found):
      "\(place): expected a multiple of \(width) bytes, found \(found)"
    case .invalidUTF8(let place): "\(place): expected UTF-8, found other bytes"
    case .nulInText(let place): "\(place): expected no NUL byte in the text, found one"
    case .valueOutOfRange(let place, let expected, let found):
      "\(place): expected \(expected), found \(found)"
    case .structureTooLarge(let place, let what, let limit):
      "\(place): limit: expected at most \(limit) \(what), found more"
    case .skeletonRefused(let place): "\(place): libprotobuf-c could not unpack the structure"
    default: nil
    }
  }

  private var modelText: String? {
    switch self {
    case .missingIRVersion(let place): "\(place): expected an IR version, found none"
    case .unknownIRVersion(let place, let newest, let found):
      "\(place): expected an IR version in 3...\(newest), found \(found)"
    case .missingOpset(let place, let domain):
      "\(place): expected an opset for domain \(Self.domainName(domain)), found none"
    case .repeatedOpset(let place, let domain):
      "\(place): expected one opset for domain \(Self.domainName(domain)), found two"
    case .opsetOutOfRange(let place, let domain, let found):
      "\(place): expected a version in 1...2147483647 for domain \(Self.domainName(domain)), "
        + "found \(found)"
    case .opsetTooNew(let place, let newest, let found):
      "\(place): limit: expected opset \(newest) or older, found \(found)"
    case .duplicateInitializer(let place):
      "\(place): expected the initializer once, found another of that name"
    case .unnamedInitializer(let place), .unnamedValue(let place):
      "\(place): expected a name, found an empty one"
    case .missingOperator(let place): "\(place): expected an operator's name, found none"
    case .duplicateAttribute(let place):
      "\(place): expected the attribute once, found another of that name"
    case .attributeValues(let place, let found):
      "\(place): expected exactly one value, found "
        + (found.isEmpty ? "none" : found.joined(separator: ", "))
    case .attributeType(let place, let expected, let found):
      "\(place): expected \(expected), found \(found)"
    case .misplacedReference(let place):
      "\(place): expected a value, found a reference outside a function"
    case .unsupportedValue(let place, let found):
      "\(place): limit: expected a tensor, found \(found)"
    case .malformedConstant(let place):
      "\(place): expected one output and exactly one value attribute, found otherwise"
    case .tooManyFunctions(let place, let limit, let found):
      "\(place): limit: expected at most \(limit) functions, found \(found)"
    case .duplicateFunction(let place):
      "\(place): expected the function once, found another of that name"
    case .recursiveFunction(let place, let path):
      "\(place): expected no recursion, found "
        + path.map { $0.escapedForDisplay(limit: 100) }.joined(separator: " → ")
    case .callsTooDeep(let place, let limit):
      "\(place): limit: expected calls at most \(limit) deep, found deeper"
    case .functionArity(let place, let expected, let found):
      "\(place): expected at most \(expected), found \(found)"
    case .functionOpset(let place, let domain, let expected, let found):
      "\(place): limit: expected the model's opset \(expected) for domain "
        + "\(Self.domainName(domain)), found \(found)"
    case .tooManyNodes(let place, let limit):
      "\(place): limit: expected at most \(limit) nodes after inlining, found more"
    case .unwritable(let place, let reason): "\(place): \(reason)"
    default: nil
    }
  }

  private static func domainName(_ domain: String) -> String {
    domain.isEmpty ? "ai.onnx" : domain.escapedForDisplay(limit: 100)
  }
}
