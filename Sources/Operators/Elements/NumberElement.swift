import Foundation
import Tensors

/// A Swift type that operators compute in: Float, Double and the integers of 8 to 64 bits.
///
/// Half-precision elements are widened to Float first (`NumericOperator`). Arithmetic of integers
/// wraps and never traps.
protocol NumberElement: TensorElement, Comparable, BitwiseCopyable, ExpressibleByIntegerLiteral {
  /// a + b; integers wrap.
  static func sum(_ a: Self, _ b: Self) -> Self
  /// a − b; integers wrap.
  static func difference(_ a: Self, _ b: Self) -> Self
  /// a · b; integers wrap.
  static func product(_ a: Self, _ b: Self) -> Self
  /// a / b; integers round toward zero, give 0 for b = 0, and wrap.
  static func quotient(_ a: Self, _ b: Self) -> Self
  /// Whether the element is a NaN.
  var isNotANumber: Bool { get }
  /// The nearest element to `value`; integers round toward zero and are clamped, NaN gives 0.
  init(nearest value: Double)
  /// The element as a Double, rounded where a 64-bit integer does not fit.
  var double: Double { get }
  /// The least element: −infinity, or the lowest integer.
  static var lowest: Self { get }
  /// The greatest element: infinity, or the highest integer.
  static var highest: Self { get }
  /// Whether the type is a floating-point type.
  static var isFloatingPoint: Bool { get }
}

extension NumberElement {
  /// The smaller of two; NaN where either is NaN (numpy `minimum`).
  @inline(__always)
  static func smaller(_ a: Self, _ b: Self) -> Self {
    a < b || a.isNotANumber ? a : b
  }

  /// The larger of two; NaN where either is NaN (numpy `maximum`).
  @inline(__always)
  static func larger(_ a: Self, _ b: Self) -> Self {
    a > b || a.isNotANumber ? a : b
  }
}

extension NumberElement where Self: FixedWidthInteger {
  @inline(__always) static func sum(_ a: Self, _ b: Self) -> Self { a &+ b }
  @inline(__always) static func difference(_ a: Self, _ b: Self) -> Self { a &- b }
  @inline(__always) static func product(_ a: Self, _ b: Self) -> Self { a &* b }
  @inline(__always) static func quotient(_ a: Self, _ b: Self) -> Self {
    b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue
  }
  @inline(__always) var isNotANumber: Bool { false }
  init(nearest value: Double) {
    if let exact = Self(exactly: value.rounded(.towardZero)) {
      self = exact
    } else {
      self = value.isNaN ? 0 : value < 0 ? .min : .max
    }
  }
  @inline(__always) var double: Double { Double(self) }
  static var lowest: Self { .min }
  static var highest: Self { .max }
  static var isFloatingPoint: Bool { false }
}

extension NumberElement where Self: BinaryFloatingPoint {
  @inline(__always) static func sum(_ a: Self, _ b: Self) -> Self { a + b }
  @inline(__always) static func difference(_ a: Self, _ b: Self) -> Self { a - b }
  @inline(__always) static func product(_ a: Self, _ b: Self) -> Self { a * b }
  @inline(__always) static func quotient(_ a: Self, _ b: Self) -> Self { a / b }
  @inline(__always) var isNotANumber: Bool { self != self }
  @inline(__always) init(nearest value: Double) { self.init(value) }
  @inline(__always) var double: Double { Double(self) }
  static var lowest: Self { -.infinity }
  static var highest: Self { .infinity }
  static var isFloatingPoint: Bool { true }
}

extension Float: NumberElement {}
extension Double: NumberElement {}
extension Int8: NumberElement {}
extension Int16: NumberElement {}
extension Int32: NumberElement {}
extension Int64: NumberElement {}
extension UInt8: NumberElement {}
extension UInt16: NumberElement {}
extension UInt32: NumberElement {}
extension UInt64: NumberElement {}

/// A floating-point type that operators compute in, with the functions of the C library.
protocol RealElement: NumberElement, BinaryFloatingPoint {
  static func exp(_ x: Self) -> Self
  static func log(_ x: Self) -> Self
  static func tanh(_ x: Self) -> Self
  static func erf(_ x: Self) -> Self
  static func pow(_ x: Self, _ y: Self) -> Self
  static func sin(_ x: Self) -> Self
  static func cos(_ x: Self) -> Self
}

extension Float: RealElement {
  @inline(__always) static func exp(_ x: Float) -> Float { Foundation.exp(x) }
  @inline(__always) static func log(_ x: Float) -> Float { Foundation.log(x) }
  @inline(__always) static func tanh(_ x: Float) -> Float { Foundation.tanh(x) }
  @inline(__always) static func erf(_ x: Float) -> Float { Foundation.erf(x) }
  @inline(__always) static func pow(_ x: Float, _ y: Float) -> Float { Foundation.pow(x, y) }
  @inline(__always) static func sin(_ x: Float) -> Float { Foundation.sin(x) }
  @inline(__always) static func cos(_ x: Float) -> Float { Foundation.cos(x) }
}

extension Double: RealElement {
  @inline(__always) static func exp(_ x: Double) -> Double { Foundation.exp(x) }
  @inline(__always) static func log(_ x: Double) -> Double { Foundation.log(x) }
  @inline(__always) static func tanh(_ x: Double) -> Double { Foundation.tanh(x) }
  @inline(__always) static func erf(_ x: Double) -> Double { Foundation.erf(x) }
  @inline(__always) static func pow(_ x: Double, _ y: Double) -> Double { Foundation.pow(x, y) }
  @inline(__always) static func sin(_ x: Double) -> Double { Foundation.sin(x) }
  @inline(__always) static func cos(_ x: Double) -> Double { Foundation.cos(x) }
}
