/// A real symmetric matrix, dense, row-major.
struct SymmetricMatrix {
  private static let maximumSweeps = 64
  let size: Int
  private(set) var elements: [Double]

  /// A matrix of `size` × `size` elements, taken as symmetric.
  init(size: Int, elements: [Double]) {
    precondition(elements.count == size * size)
    self.size = size
    self.elements = elements
  }

  var trace: Double { (0..<size).reduce(0) { $0 + elements[$1 * size + $1] } }

  /// Eigenvalues, and eigenvectors as rows, by cyclic Jacobi rotations (Golub and Van Loan,
  /// algorithm 8.5.3): about ten sweeps of O(n³).
  func eigen() -> (values: [Double], vectors: [Double]) {
    var matrix = elements
    var vectors = [Double](repeating: 0, count: size * size)
    for index in 0..<size { vectors[index * size + index] = 1 }
    let scale = matrix.reduce(0) { max($0, abs($1)) }
    for _ in 0..<Self.maximumSweeps {
      var largest = 0.0
      for p in 0..<size {
        for q in (p + 1)..<max(size, p + 1) where matrix[p * size + q] != 0 {
          largest = max(largest, abs(matrix[p * size + q]))
          rotate(&matrix, &vectors, p, q)
        }
      }
      if largest <= scale * 1e-15 { break }
    }
    return ((0..<size).map { matrix[$0 * size + $0] }, vectors)
  }

  /// One rotation that brings element (p, q) to 0; vectors are kept as rows.
  private func rotate(
    _ matrix: inout [Double], _ vectors: inout [Double], _ p: Int, _ q: Int
  ) {
    let theta = (matrix[q * size + q] - matrix[p * size + p]) / (2 * matrix[p * size + q])
    let tangent = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
    let cosine = 1 / (tangent * tangent + 1).squareRoot()
    let sine = tangent * cosine
    for k in 0..<size {
      let (a, b) = (matrix[p * size + k], matrix[q * size + k])
      matrix[p * size + k] = cosine * a - sine * b
      matrix[q * size + k] = sine * a + cosine * b
    }
    for k in 0..<size {
      let (a, b) = (matrix[k * size + p], matrix[k * size + q])
      matrix[k * size + p] = cosine * a - sine * b
      matrix[k * size + q] = sine * a + cosine * b
      let (u, v) = (vectors[p * size + k], vectors[q * size + k])
      vectors[p * size + k] = cosine * u - sine * v
      vectors[q * size + k] = sine * u + cosine * v
    }
  }

  /// The symmetric square root; eigenvalues below 0, which rounding gives a covariance, count as 0.
  var squareRoot: SymmetricMatrix {
    let (values, vectors) = eigen()
    var root = [Double](repeating: 0, count: size * size)
    for (index, value) in values.enumerated() where value > 0 {
      let weight = value.squareRoot()
      for row in 0..<size {
        let factor = weight * vectors[index * size + row]
        for column in 0..<size {
          root[row * size + column] += factor * vectors[index * size + column]
        }
      }
    }
    return SymmetricMatrix(size: size, elements: root)
  }

  /// self · other · self, which is symmetric.
  func sandwiching(_ other: SymmetricMatrix) -> SymmetricMatrix {
    let left = Self.product(elements, other.elements, size)
    return SymmetricMatrix(size: size, elements: Self.product(left, elements, size))
  }

  private static func product(_ a: [Double], _ b: [Double], _ size: Int) -> [Double] {
    var result = [Double](repeating: 0, count: size * size)
    for row in 0..<size {
      for inner in 0..<size {
        let factor = a[row * size + inner]
        for column in 0..<size {
          result[row * size + column] += factor * b[inner * size + column]
        }
      }
    }
    return result
  }
}
