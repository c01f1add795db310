/// Timesteps of a few steps out of T training steps, descending.
///
/// diffusers' spacings are computed by its own formulas in double precision, halves rounded to even.
/// Where its `trailing` formula gives one timestep more than asked for, −1, that one is left out.
enum TimestepGrid {
  /// t_i = round((T − 1)(N − i) / N), i = 0 ..< N: Imagine Flash's grid T, 2T/3, T/3 for N = 3.
  static func fewStep(_ steps: Int, of count: Int) -> [Int] {
    (0..<steps).map { index in
      rounded(Double((count - 1) * (steps - index)) / Double(steps))
    }
  }

  /// `trailing`: round(last − i T / N) − 1.
  static func trailing(_ steps: Int, of count: Int, last: Int? = nil) -> [Int] {
    let last = Double(last ?? count)
    let ratio = Double(count) / Double(steps)
    let length = Int((last / ratio).rounded(.up))
    // The second element decides the distance between all, as in numpy.arange.
    let distance = (last - ratio) - last
    return (0..<length).map { rounded(last + Double($0) * distance) - 1 }.filter { $0 >= 0 }
  }

  /// `leading`: i ⌊T / N⌋ + offset.
  static func leading(_ steps: Int, of count: Int, offset: Int) -> [Int] {
    let ratio = count / steps
    return (0..<steps).reversed().map { $0 * ratio + offset }
  }

  /// `linspace`: N numbers from T − 1 down to 0, not rounded.
  static func linspace(_ steps: Int, of count: Int) -> [Double] {
    evenly(from: 0, to: Double(count - 1), steps).reversed()
  }

  /// `numpy.linspace(start, stop, count)`.
  static func evenly(from start: Double, to stop: Double, _ count: Int) -> [Double] {
    guard count > 1 else { return [start] }
    let step = (stop - start) / Double(count - 1)
    var values = (0..<count).map { Double($0) * step + start }
    values[count - 1] = stop
    return values
  }

  static func rounded(_ value: Double) -> Int { Int(value.rounded(.toNearestOrEven)) }
}
