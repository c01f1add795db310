import ModelGraph
import Runtime
import Tensors
import Testing

@Suite struct NormalizationFusionTests {
  /// Means and variances are taken in one order on both sides; scaling rounds once less.
  private static let tolerance = 2e-6

  /// GroupNorm as PyTorch's exporters write it; `isShapeRead` gives the shape back by Shape.
  private func pieces(
    _ shape: [Dimension], channels: Int, groups: Int, isShapeRead: Bool, activation: Bool
  ) throws -> Graph {
    var b = GraphBuilder(name: "g")
    let x = b.input("x", .float32, shape)
    let into = b.constant(try Tensor([0, Int64(groups), -1]))
    let ones = b.constant(try Tensor([Float](repeating: 1, count: groups)))
    let zeros = b.constant(try Tensor([Float](repeating: 0, count: groups)))
    let normal = b.add("InstanceNormalization", [b.add("Reshape", [x, into]), ones, zeros])
    let extents =
      isShapeRead
      ? b.add("Shape", [x])
      : b.constant(try Tensor(shape.map { Int64($0.fixedValue ?? -1) }))
    let back = b.add("Reshape", [normal, extents])
    let each = try Shape(checking: [channels] + shape.dropFirst(2).map { _ in 1 })
    let scaled = b.add("Mul", [back, b.constant(try noise(each, seed: 3))])
    let y = b.add("Add", [scaled, b.constant(try noise(each, seed: 4))])
    guard activation else { return b.finished(y) }
    let z = b.add("Mul", [y, b.add("Sigmoid", [y])])
    return b.finished(z)
  }

  @Test(arguments: [true, false], [true, false])
  func exportedGroupNormsAreOne(isShapeRead: Bool, activation: Bool) throws {
    let graph = try pieces(
      [.symbol("n"), .fixed(12), .fixed(5), .fixed(7)], channels: 12, groups: 4,
      isShapeRead: isShapeRead, activation: activation)
    let run = try FusedAndUnfused(graph, inputs: ["x": noise([2, 12, 5, 7])])
    let name = activation ? "imgconv.fused.GroupNormalization" : "GroupNormalization"
    #expect(run.operators == [name, "Identity"])
    #expect(run.relativeError < Self.tolerance)
  }

  @Test func imagesOfUnknownExtentAreTaken() throws {
    let graph = try pieces(
      [.symbol("n"), .fixed(8), .symbol("h"), .symbol("w")], channels: 8, groups: 2,
      isShapeRead: true, activation: true)
    let run = try FusedAndUnfused(graph, inputs: ["x": noise([1, 8, 3, 2])])
    #expect(run.operators == ["imgconv.fused.GroupNormalization", "Identity"])
    #expect(run.relativeError < Self.tolerance)
  }

  @Test func sequencesAreTaken() throws {
    let graph = try pieces(
      [.fixed(2), .fixed(6), .fixed(9)], channels: 6, groups: 3, isShapeRead: false,
      activation: false)
    let run = try FusedAndUnfused(graph, inputs: ["x": noise([2, 6, 9])])
    #expect(run.operators == ["GroupNormalization", "Identity"])
    #expect(run.relativeError < Self.tolerance)
  }
}
