import FileIO
import ModelGraph

/// A rule of the ONNX format, or of this reader's subset of it, that a file breaks.
///
/// Every case names the place first; `description` gives the whole text for the user, and `kind`
/// tells what may be done about it. The rules are those of `formats/onnx.md`.
public enum ONNXError: Error, Equatable, Sendable {
  // MARK: Files

  /// A file cannot be read or written.
  case file(FileIOError)
  /// The file has no bytes.
  case emptyFile(ONNXPlace)
  /// The file is something else, such as a Git-LFS pointer.
  case foreignFile(ONNXPlace, found: String)
  /// The file has 2 GiB or more, which protobuf cannot address.
  case fileTooLarge(ONNXPlace, byteCount: UInt64)
  /// The wire is well formed, but there is no model in it.
  case notAModel(ONNXPlace)

  // MARK: Protobuf wire

  /// The file or message ends inside a varint.
  case truncatedVarint(ONNXPlace)
  /// A varint takes more than ten bytes.
  case overlongVarint(ONNXPlace)
  /// A varint's value does not fit 64 bits.
  case oversizedVarint(ONNXPlace)
  /// A field number outside 1 … 2²⁹ − 1.
  case fieldNumber(ONNXPlace, found: UInt64)
  /// Wire type 6 or 7.
  case unknownWireType(ONNXPlace, found: Int)
  /// A known field with another wire type than its own.
  case wrongWireType(ONNXPlace, expected: String, found: String)
  /// A field's bytes run past the message around it.
  case lengthPastEnd(ONNXPlace, available: UInt64, found: UInt64)
  /// A length of 2 GiB or more.
  case lengthTooLarge(ONNXPlace, found: UInt64)
  /// A group that no end marker closes.
  case unterminatedGroup(ONNXPlace)
  /// An end marker of another group, or of none.
  case mismatchedGroupEnd(ONNXPlace, expected: UInt32?, found: UInt32)
  /// Messages or groups nested too deeply.
  case nestedTooDeeply(ONNXPlace, limit: Int)
  /// A field that may occur once occurs again.
  case repeatedField(ONNXPlace)
  /// A packed list's length is no multiple of its elements' width.
  case packedLength(ONNXPlace, width: Int, found: UInt64)
  /// A text is not UTF-8.
  case invalidUTF8(ONNXPlace)
  /// A name holds a NUL byte.
  case nulInText(ONNXPlace)
  /// A number does not fit its field.
  case valueOutOfRange(ONNXPlace, expected: String, found: String)
  /// More fields, messages or bytes of structure than the reader takes.
  case structureTooLarge(ONNXPlace, what: String, limit: Int)
  /// libprotobuf-c refused the skeleton, for want of memory.
  case skeletonRefused(ONNXPlace)

  // MARK: Model

  /// No `ir_version`.
  case missingIRVersion(ONNXPlace)
  /// An `ir_version` that no released ONNX has.
  case unknownIRVersion(ONNXPlace, newest: Int, found: Int64)
  /// No operator set is imported for a domain that nodes use.
  case missingOpset(ONNXPlace, domain: String)
  /// One domain is imported twice.
  case repeatedOpset(ONNXPlace, domain: String)
  /// An operator set's version below 1 or beyond 32 bits.
  case opsetOutOfRange(ONNXPlace, domain: String, found: Int64)
  /// An operator set newer than this reader.
  case opsetTooNew(ONNXPlace, newest: Int, found: Int)
  /// A rule of graphs is broken.
  case graph(ONNXPlace, GraphError)
  /// Two initializers of one graph share a name.
  case duplicateInitializer(ONNXPlace)
  /// An input or output without a name.
  case unnamedValue(ONNXPlace)
  /// An initializer without a name.
  case unnamedInitializer(ONNXPlace)
  /// A node without an operator.
  case missingOperator(ONNXPlace)
  /// Two attributes of one node share a name.
  case duplicateAttribute(ONNXPlace)
  /// An attribute with no value, or with several.
  case attributeValues(ONNXPlace, found: [String])
  /// An attribute whose value is not what its type says.
  case attributeType(ONNXPlace, expected: String, found: String)
  /// An attribute refers to a calling node's, outside a function.
  case misplacedReference(ONNXPlace)
  /// A value or attribute of a type that models here cannot have (sequences, maps, optionals).
  case unsupportedValue(ONNXPlace, found: String)
  /// A `Constant` node whose attributes are not exactly one value.
  case malformedConstant(ONNXPlace)

  // MARK: Functions

  /// More functions than the limit.
  case tooManyFunctions(ONNXPlace, limit: Int, found: Int)
  /// Two functions share domain, name and overload.
  case duplicateFunction(ONNXPlace)
  /// A function calls itself, directly or through others.
  case recursiveFunction(ONNXPlace, path: [String])
  /// Functions call functions beyond the limit.
  case callsTooDeep(ONNXPlace, limit: Int)
  /// A node passes more values than the function takes or gives.
  case functionArity(ONNXPlace, expected: Int, found: Int)
  /// A function is written in another version of an operator set than the model.
  case functionOpset(ONNXPlace, domain: String, expected: Int, found: Int)
  /// Inlining functions gives more nodes than the limit.
  case tooManyNodes(ONNXPlace, limit: Int)

  // MARK: Tensors

  /// A `data_type` of 0, or none.
  case undefinedType(ONNXPlace)
  /// A `data_type` that ONNX does not define.
  case unknownType(ONNXPlace, found: Int)
  /// An extent below zero.
  case negativeDimension(ONNXPlace, found: Int64)
  /// The number of elements or bytes overflows 64 bits.
  case sizeOverflow(ONNXPlace, dimensions: [Int64])
  /// More axes than the limit.
  case rankTooLarge(ONNXPlace, limit: Int, found: Int)
  /// More or fewer bytes than shape and type take.
  case dataByteCount(ONNXPlace, expected: Int, found: UInt64)
  /// `raw_data` that is no whole number of elements.
  case rawNotWholeElements(ONNXPlace, width: Int, found: UInt64)
  /// More or fewer numbers in a typed field than shape and type take.
  case dataCount(ONNXPlace, expected: Int, found: Int)
  /// Elements in more than one data field.
  case severalDataFields(ONNXPlace, found: [String])
  /// Elements in a field that is for another type.
  case wrongDataField(ONNXPlace, expected: String, found: String)
  /// Data in a tensor without elements.
  case dataWithoutElements(ONNXPlace)
  /// The `segment` field, which no model uses.
  case segmented(ONNXPlace)
  /// An element that its type cannot hold.
  case elementOutOfRange(ONNXPlace, index: Int, expected: String, found: Int64)
  /// A tensor that must be held in memory is larger than the limit.
  case tensorTooLarge(ONNXPlace, limit: Int, found: Int)
  /// A sparse tensor whose values, indices and extents do not belong together.
  case sparseShape(ONNXPlace, expected: String, found: String)
  /// An index of a sparse tensor that is not above the one before it.
  case sparseUnsorted(ONNXPlace, index: Int)
  /// An index of a sparse tensor outside its extents.
  case sparseOutOfRange(ONNXPlace, index: Int, found: Int64)

  // MARK: External data

  /// `data_location` is neither 0 nor 1.
  case unknownDataLocation(ONNXPlace, found: Int)
  /// Elements both in the model and in another file.
  case inlineAndExternal(ONNXPlace)
  /// `external_data` on a tensor whose location is the model.
  case unusedExternalData(ONNXPlace)
  /// A string tensor with external data.
  case externalStrings(ONNXPlace)
  /// An `external_data` key that the format does not define.
  case externalKey(ONNXPlace, found: String)
  /// An `external_data` key twice.
  case repeatedExternalKey(ONNXPlace, found: String)
  /// No `location`, or an empty one.
  case missingLocation(ONNXPlace)
  /// A `location` that is not a plain relative path beneath the model's folder.
  case locationEscapes(ONNXPlace, found: String)
  /// ONNX Runtime's marker for weights in its memory.
  case memoryAddress(ONNXPlace, found: String)
  /// The model itself is named as its external data.
  case locationIsModel(ONNXPlace, found: String)
  /// A symbolic link on the way to the data.
  case symbolicLink(ONNXPlace, found: String)
  /// The data file has another name too.
  case hardLink(ONNXPlace, found: String)
  /// The data file cannot be opened or read.
  case externalFile(ONNXPlace, FileIOError)
  /// `offset` or `length` is not a decimal number, or negative.
  case externalNumber(ONNXPlace, found: String)
  /// The range leaves the data file.
  case externalRange(ONNXPlace, offset: UInt64, byteCount: UInt64, fileSize: UInt64)
  /// `length` differs from what shape and type take.
  case externalLength(ONNXPlace, expected: Int, found: UInt64)
  /// The data file's SHA-1 differs from `checksum`.
  case checksum(ONNXPlace, expected: String, found: String)
  /// Two tensors' ranges overlap.
  case overlappingRanges(ONNXPlace, other: String)

  // MARK: Writing

  /// A graph cannot be written as ONNX.
  case unwritable(ONNXPlace, reason: String)
  /// The source of the weights failed, or the system gave no memory.
  case source(ONNXPlace, message: String)
}

extension ONNXError {
  /// What may be done about an error.
  public enum Kind: Hashable, Sendable {
    /// The input breaks a rule (exit 2).
    case badInput
    /// The system failed (exit 3).
    case io
    /// The input is beyond what this reader takes (exit 4).
    case limit
    /// The input is refused unless the option named is given (exit 2).
    case needsOption(String)
  }

  /// What may be done about this error.
  public var kind: Kind {
    switch self {
    case .file(let error), .externalFile(_, let error): error.isBadInput ? .badInput : .io
    case .source: .io
    case .structureTooLarge, .rankTooLarge, .tensorTooLarge, .opsetTooNew, .unsupportedValue,
      .tooManyFunctions, .callsTooDeep, .tooManyNodes, .functionOpset, .unwritable,
      .skeletonRefused:
      .limit
    case .symbolicLink: .needsOption("--data-root")
    case .hardLink: .needsOption("--allow-hard-links")
    case .overlappingRanges: .needsOption("--allow-overlap")
    default: .badInput
    }
  }
}

extension ONNXError {
  /// Does `body` and gives its failure as this module's.
  static func wrapping<Result>(
    _ body: () throws(FileIOError) -> Result
  ) throws(ONNXError) -> Result {
    do throws(FileIOError) {
      return try body()
    } catch {
      throw .file(error)
    }
  }
}
