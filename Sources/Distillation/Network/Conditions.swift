import Diffusion
import ModelGraph
import Operators
import Tensors

/// What the images of a training shall show: rows to draw from for each further input of the
/// networks, and the rows that mean nothing in particular.
public struct Conditions: Sendable {
  /// The tables by input: `[K, …]`, a row a condition, K the same for all.
  public let tables: [String: Tensor]
  /// The rows for guidance by input: `[1, …]`.
  public let unconditional: [String: Tensor]
  /// How many conditions there are; 0 for networks without further inputs.
  public let count: Int

  /// Tables with as many rows each, and a row for guidance of each.
  ///
  /// - Throws: `DistillationError.tensor`.
  public init(
    tables: [String: Tensor], unconditional: [String: Tensor]
  ) throws(DistillationError) {
    let counts = tables.mapValues { $0.shape.dimensions.first ?? 0 }
    count = counts.values.min() ?? 0
    for (name, found) in counts.sorted(by: { $0.key < $1.key }) where found != count || found == 0 {
      throw .tensor(name: name, expected: "as many rows as the other tables", found: "\(found)")
    }
    self.tables = tables
    self.unconditional = unconditional
  }

  /// Classes 0 ..< `classes` as `class_labels`, of which label `classes` means none.
  ///
  /// - Throws: `DistillationError.setting`, `TensorError`.
  public init(classes: Int) throws {
    guard (1...1_000_000).contains(classes) else {
      throw DistillationError.setting(
        name: "classes", expected: "1 to 1000000", found: "\(classes)")
    }
    try self.init(
      tables: ["class_labels": Tensor((0..<classes).map { Int64($0) })],
      unconditional: ["class_labels": Tensor([Int64(classes)])])
  }

  /// No conditions.
  public init() {
    tables = [:]
    unconditional = [:]
    count = 0
  }

  /// The conditions of the rows `rows`, and as many rows that mean nothing.
  func rows(
    _ rows: [Int]
  ) throws -> (given: [String: Tensor], unconditional: [String: Tensor]) {
    (
      try tables.mapValues { try $0.rows(rows) },
      try unconditional.mapValues { try $0.rows(rows.map { _ in 0 }) }
    )
  }

  /// A row for each of `count` images, drawn evenly.
  func draw(_ count: Int, _ generator: inout TorchGenerator) -> [Int] {
    self.count == 0 ? [] : (0..<count).map { _ in generator.integer(below: self.count) }
  }

  /// Checks that there are conditions for every further input of `ports`, in its type.
  func fitted(to ports: NetworkPorts, needsUnconditional: Bool) throws -> Conditions {
    var fitted: [String: Tensor] = [:]
    var free: [String: Tensor] = [:]
    for input in ports.conditions {
      guard let table = tables[input.name] else {
        throw DistillationError.missingConditioning(
          input: input.name, given: tables.keys.sorted())
      }
      let dtype = input.type.dtype ?? table.dtype
      fitted[input.name] = try table.converted(to: dtype)
      if let row = unconditional[input.name] {
        free[input.name] = try row.converted(to: dtype)
      } else if needsUnconditional {
        throw DistillationError.missingConditioning(
          input: "\(input.name) without a condition, for guidance",
          given: unconditional.keys.sorted()
        )
      }
    }
    return try Conditions(tables: fitted, unconditional: free)
  }
}

extension Tensor {
  /// The rows `indices` along the first axis.
  func rows(_ indices: [Int]) throws -> Tensor {
    let result = try Tensor(
      uninitialized: dtype, Shape(checking: [indices.count] + shape.dimensions.dropFirst()))
    let size = shape.elementCount(of: 1..<max(1, shape.rank)) * dtype.byteWidth
    let (source, target) = (pointer(as: UInt8.self), result.mutablePointer(as: UInt8.self))
    for (place, index) in indices.enumerated() {
      precondition(index >= 0 && index < shape[0])
      (target + place * size).update(from: source + index * size, count: size)
    }
    withExtendedLifetime((self, result)) {}
    return result
  }
}
