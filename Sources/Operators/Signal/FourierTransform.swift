import Foundation

/// Discrete Fourier transforms of any length, in fp64.
///
/// Powers of two run by Cooley and Tukey's algorithm, other lengths by Bluestein's, as a convolution
/// of a power of two.
struct FourierTransform {
  /// A complex number.
  typealias Complex = SIMD2<Double>

  let count: Int
  private let sign: Double
  private let roots: [Complex]
  private let chirp: [Complex]
  private let filter: [Complex]
  private let padded: Int

  /// A transform of `count` numbers (at least one): Σ x[n] e^(∓2πi kn / count), minus for a forward
  /// transform. Nothing is divided.
  init(count: Int, isInverse: Bool) {
    self.count = count
    sign = isInverse ? 1 : -1
    let isPower = count & (count - 1) == 0
    var padded = 1
    while padded < (isPower ? count : 2 * count - 1) { padded *= 2 }
    self.padded = padded
    let direction = sign
    roots = Self.roots(padded, sign: isPower ? direction : -1)
    guard !isPower else {
      (chirp, filter) = ([], [])
      return
    }
    chirp = (0..<count).map { index in
      // index² modulo 2 · count keeps the angle exact.
      let square = index.multipliedReportingOverflow(by: index).partialValue % (2 * count)
      return Self.unit(direction * Double.pi * Double(square) / Double(count))
    }
    var response = [Complex](repeating: .zero, count: padded)
    for index in 0..<count {
      let conjugate = Complex(chirp[index].x, -chirp[index].y)
      response[index] = conjugate
      if index > 0 { response[padded - index] = conjugate }
    }
    filter = Self.powerOfTwo(response, roots)
  }

  /// The transform of `values`, `count` numbers.
  func callAsFunction(_ values: [Complex]) -> [Complex] {
    guard !chirp.isEmpty else { return Self.powerOfTwo(values, roots) }
    var work = [Complex](repeating: .zero, count: padded)
    for index in 0..<count { work[index] = Self.product(values[index], chirp[index]) }
    work = Self.powerOfTwo(work, roots)
    // The inverse transform is the forward one of the conjugate.
    for index in 0..<padded {
      let product = Self.product(work[index], filter[index])
      work[index] = Complex(product.x, -product.y)
    }
    work = Self.powerOfTwo(work, roots)
    return (0..<count).map { index in
      let value = Complex(work[index].x, -work[index].y) / Double(padded)
      return Self.product(value, chirp[index])
    }
  }

  private static func unit(_ angle: Double) -> Complex {
    Complex(Foundation.cos(angle), Foundation.sin(angle))
  }

  private static func product(_ a: Complex, _ b: Complex) -> Complex {
    Complex(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x)
  }

  private static func roots(_ count: Int, sign: Double) -> [Complex] {
    (0..<max(1, count / 2)).map { unit(sign * 2 * Double.pi * Double($0) / Double(count)) }
  }

  private static func powerOfTwo(_ values: [Complex], _ roots: [Complex]) -> [Complex] {
    let count = values.count
    guard count > 1 else { return values }
    var result = values
    var reversed = 0
    for index in 1..<count {
      var bit = count >> 1
      while reversed & bit != 0 {
        reversed ^= bit
        bit >>= 1
      }
      reversed |= bit
      if index < reversed { result.swapAt(index, reversed) }
    }
    var half = 1
    while half < count {
      let stride = count / (2 * half)
      for start in Swift.stride(from: 0, to: count, by: 2 * half) {
        for index in 0..<half {
          let odd = product(result[start + half + index], roots[index * stride])
          let even = result[start + index]
          result[start + index] = even + odd
          result[start + half + index] = even - odd
        }
      }
      half *= 2
    }
    return result
  }
}
