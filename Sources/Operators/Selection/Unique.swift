import FileIO
import ModelGraph
import Tensors

/// `Unique` (ai.onnx 28): the distinct elements, or the distinct slices along `axis`; where each
/// first occurs, which of them each element is, and how often each occurs (int64).
///
/// `sorted` (1) orders them, NaN last and all NaNs as one; otherwise they come in the order of their
/// first occurrence. All number types, booleans and strings.
struct UniqueOperator: NumericOperator {
  static let opType = "Unique"

  private let axis: Int?
  private let isSorted: Bool

  init(_ attributes: inout AttributeReader) throws {
    axis = try attributes.optionalInt("axis")
    isSorted = try attributes.flag("sorted", default: true)
  }

  func infer(_ context: InferenceContext) throws -> [TensorType] {
    let type = try context.type(0, "X")
    var dimensions: [Dimension]? = [.unknown]
    if let axis {
      dimensions = type.dimensions
      if let rank = type.rank { dimensions?[try normalized(axis: axis, rank: rank)] = .unknown }
    }
    let index = TensorType(.int64, [.unknown])
    return Array(
      [TensorType(type.dtype, dimensions), index, index, index].prefix(context.outputCount))
  }

  func run(_ context: ExecutionContext) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    switch input.dtype {
    case .bool:
      let bits = context.replacing(inputs: [input.bitCast(to: .uint8)], overwritable: [false])
      var results = try run(as: UInt8.self, bits)
      results[0] = results[0]?.bitCast(to: .bool)
      return results
    case .string: return try runStrings(input, context)
    default: return try runNumbers(context)
    }
  }

  func run<Number: NumberElement>(
    as type: Number.Type, _ context: ExecutionContext
  ) throws -> [Tensor?] {
    let input = try context.input(0, "X")
    let (slices, rest, axis) = try sliced(input, context)
    let elements = slices.pointer(as: type)
    let length = rest.reduce(1, *)
    let groups = group(count: slices.shape[0]) { left, right in
      compare(elements + left * length, elements + right * length, length)
    }
    var extents = rest
    extents.insert(groups.firsts.count, at: axis)
    let distinct = try context.allocate(input.dtype, Shape.checked(extents))
    let inner = axis == 0 ? length : rest[axis...].reduce(1, *)
    let outer = inner == 0 ? 0 : length / inner
    let target = distinct.mutablePointer(as: type)
    for (number, first) in groups.firsts.enumerated() {
      for part in 0..<outer {
        (target + (part * groups.firsts.count + number) * inner).update(
          from: elements + first * length + part * inner, count: inner)
      }
    }
    withExtendedLifetime(slices) {}
    return [
      distinct, try Tensor(groups.firsts.map(Int64.init)), try Tensor(groups.members),
      try Tensor(groups.counts),
    ]
  }

  /// The input with `axis` first, the extents of a slice, and where the axis belongs.
  private func sliced(
    _ input: Tensor, _ context: ExecutionContext
  ) throws -> (slices: Tensor, rest: [Int], axis: Int) {
    guard let axis else { return (input.reshaped([input.elementCount]), [], 0) }
    let place = try input.shape.checkedAxis(axis)
    var rest = input.shape.dimensions
    let extent = rest.remove(at: place)
    let slices = try context.allocate(input.dtype, Shape([extent] + rest))
    var strides = input.shape.strides
    strides.insert(strides.remove(at: place), at: 0)
    StridedCopy(
      extents: [extent] + rest, sourceStrides: strides, targetStrides: slices.shape.strides,
      byteWidth: input.dtype.byteWidth
    ).run(from: input.rawPointer, to: slices.mutableRawPointer)
    return (slices, rest, place)
  }

  /// Below, equal or above 0 as one slice comes before, equals or comes after another.
  private func compare<Number: NumberElement>(
    _ left: UnsafePointer<Number>, _ right: UnsafePointer<Number>, _ count: Int
  ) -> Int {
    for index in 0..<count {
      let (a, b) = (left[index], right[index])
      if a < b { return -1 }
      if b < a { return 1 }
      if a.isNotANumber != b.isNotANumber { return a.isNotANumber ? 1 : -1 }
    }
    return 0
  }

  private func group(
    count: Int, _ compare: (Int, Int) -> Int
  ) -> (firsts: [Int], members: [Int64], counts: [Int64]) {
    let order = (0..<count).sorted { left, right in
      let comparison = compare(left, right)
      return comparison == 0 ? left < right : comparison < 0
    }
    var groups: [[Int]] = []
    for index in order {
      if let first = groups.last?.first, compare(first, index) == 0 {
        groups[groups.count - 1].append(index)
      } else {
        groups.append([index])
      }
    }
    if !isSorted { groups.sort { $0[0] < $1[0] } }
    var members = [Int64](repeating: 0, count: count)
    for (number, group) in groups.enumerated() {
      for index in group { members[index] = Int64(number) }
    }
    return (groups.map { $0[0] }, members, groups.map { Int64($0.count) })
  }

  private func runStrings(_ input: Tensor, _ context: ExecutionContext) throws -> [Tensor?] {
    let ordered = Set(input.strings.map(ByteString.init)).sorted()
    let ranks = Dictionary(
      uniqueKeysWithValues: ordered.enumerated().map { ($0.element, Int64($0.offset)) })
    let numbers = try Tensor(input.strings.map { ranks[ByteString($0)] ?? 0 }, input.shape)
    var results = try run(
      as: Int64.self, context.replacing(inputs: [numbers], overwritable: [false]))
    results[0] = try results[0].map { distinct in
      try Tensor(
        strings: distinct.array(of: Int64.self).map { ordered[Int($0)].text }, distinct.shape)
    }
    return results
  }
}
