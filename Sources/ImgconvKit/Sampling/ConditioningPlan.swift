import Diffusion
import Tensors

/// What each image shall show: classes in turn, and tensors out of files.
struct ConditioningPlan {
  private static let negativePrefix = "negative."
  private let classes: [Int]
  private let nullClass: Int?
  private let classCount: Int?
  private let tensors: [String: Tensor]

  /// The plan for `model`.
  ///
  /// - Parameters:
  ///   - classes: the classes in turn; empty for all but the last, which stands for none.
  ///   - nullClass: the label of no class; nil for the last.
  ///   - paths: safetensors of the graph's inputs, one row for all images or one an image; those of
  ///     no condition carry the prefix `negative.`.
  /// - Throws: `JobError.option` for a class that the model does not have; what reading files
  ///   throws.
  init(
    _ model: GenerationModel, classes: [Int], nullClass: Int?, paths: [String]
  ) throws {
    tensors = try TensorFiles(paths: paths, prefix: "input.").named
    classCount = model.classCount
    self.nullClass = nullClass
    let count = classCount ?? 0
    self.classes = classes.isEmpty ? Array(0..<max(count - 1, 1)) : classes
    let labels = self.classes + (nullClass.map { [$0] } ?? [])
    if classCount != nil, let stranger = labels.first(where: { !(0..<count).contains($0) }) {
      throw JobError.option(name: "--class", expected: "0 to \(count - 1)", found: "\(stranger)")
    }
    if classCount == nil, let first = classes.first {
      throw JobError.option(
        name: "--class", expected: "a model that takes class_labels", found: "\(first)")
    }
  }

  /// The classes of the images of these numbers; nil for a model without labels.
  func labels(_ numbers: Range<Int>) -> [Int]? {
    classCount == nil ? nil : numbers.map { classes[$0 % classes.count] }
  }

  /// The condition of the images of these numbers, and that of none; what has no tensor of its own
  /// there is the same in both.
  func conditions(
    _ numbers: Range<Int>
  ) throws -> (given: Conditioning, none: Conditioning) {
    var given: [String: Tensor] = [:]
    var none: [String: Tensor] = [:]
    for (name, tensor) in tensors {
      if name.hasPrefix(Self.negativePrefix) {
        none[String(name.dropFirst(Self.negativePrefix.count))] = tensor.rows(numbers)
      } else {
        given[name] = tensor.rows(numbers)
      }
    }
    none.merge(given) { own, _ in own }
    if let labels = labels(numbers), let classCount {
      given["class_labels"] = try Tensor(labels.map { Int64($0) })
      let label = Int64(nullClass ?? classCount - 1)
      none["class_labels"] = try Tensor([Int64](repeating: label, count: labels.count))
    }
    return (Conditioning(given), Conditioning(none))
  }
}

extension Tensor {
  /// The rows of these numbers; a single row stands for all.
  fileprivate func rows(_ numbers: Range<Int>) -> Tensor {
    guard let count = shape.dimensions.first, count > 1, numbers.upperBound <= count else {
      return self
    }
    let size = shape.elementCount(of: 1..<shape.rank)
    return Tensor(
      dtype, Shape([numbers.count] + shape.dimensions.dropFirst()), buffer: buffer,
      byteOffset: byteOffset + numbers.lowerBound * size * dtype.byteWidth)
  }
}
