import ModelGraph
import Operators
import Tensors

/// A change of a graph, made when a plan is built, that keeps its meaning and makes it run faster.
///
/// One file holds one rewrite. A rewrite finds a pattern of plain operators and puts fewer in their
/// place, plain ones or those of `FusedOperators.domain`. The stored graph never changes.
public protocol GraphRewrite: Sendable {
  /// The name it is switched off by: small letters and hyphens.
  static var name: String { get }

  /// What it does, in one line.
  static var summary: String { get }

  init()

  /// Makes the change wherever the pattern stands in `graph`, bodies of control flow excepted: they
  /// are rewritten as graphs of their own.
  ///
  /// - Throws: the weights' errors.
  func apply(to graph: inout RewritableGraph) throws
}

/// The rewrites, in the order in which they run.
public enum GraphRewrites {
  /// All of them.
  public static let all: [any GraphRewrite.Type] = [
    IdentityRemoval.self,
    TransposedExtents.self,
    ExtentFolding.self,
    SwishFusion.self,
    GeluFusion.self,
    GroupNormalizationFusion.self,
    NormalizationActivationFusion.self,
    QuantizationSharing.self,
    DynamicIntegerFusion.self,
    QuantizedLayerFusion.self,
    QuantizedEpilogueFusion.self,
    AttentionFusion.self,
    GatedGeluFusion.self,
    ProductFusion.self,
    ConvolutionFusion.self,
    NearestUpsampling.self,
    WinogradConvolution.self,
  ]

  /// The names, in that order.
  public static var names: [String] { all.map { $0.name } }
}
