import Tensors

/// The parameters of one direction of a recurrent layer, by gate.
struct GateWeights<Real: RealElement> {
  let gateCount: Int
  let inputSize: Int
  let hidden: Int
  let weight: UnsafePointer<Real>
  let recurrence: UnsafePointer<Real>
  let bias: UnsafePointer<Real>?

  /// W · x + its bias, for unit `unit` of gate `gate`.
  func fromInput(_ gate: Int, _ unit: Int, _ x: UnsafePointer<Real>) -> Real {
    let row = gate * hidden + unit
    return dot(weight + row * inputSize, x, inputSize) + (bias?[row] ?? 0)
  }

  /// R · h + its bias, for unit `unit` of gate `gate`.
  func fromState(_ gate: Int, _ unit: Int, _ h: UnsafePointer<Real>) -> Real {
    let row = gate * hidden + unit
    return dot(recurrence + row * hidden, h, hidden)
      + (bias?[gateCount * hidden + row] ?? 0)
  }

  private func dot(_ a: UnsafePointer<Real>, _ b: UnsafePointer<Real>, _ count: Int) -> Real {
    var sum: Real = 0
    for index in 0..<count { sum += a[index] * b[index] }
    return sum
  }
}

/// What a recurrent cell does at one step.
protocol RecurrentCell<Real> {
  associatedtype Real: RealElement

  /// Computes the next hidden state from input `x`, hidden state `h` and the cell's own `state`,
  /// which it replaces.
  func step(
    _ x: UnsafePointer<Real>, _ h: UnsafePointer<Real>, _ state: UnsafeMutablePointer<Real>,
    into next: UnsafeMutablePointer<Real>
  )
}
