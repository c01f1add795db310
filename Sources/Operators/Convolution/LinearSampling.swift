/// Linear interpolation between the points of a grid.
enum LinearSampling {
  /// The value of `plane`, whose extents are `extents`, at `point`: multilinear between the 2ⁿ
  /// grid points around it, those outside counting as 0. NaN coordinates give 0.
  static func value<Real: RealElement>(
    of plane: UnsafePointer<Real>, _ extents: [Int], at point: [Real]
  ) -> Real {
    descend(plane, extents, point, axis: 0, offset: 0)
  }

  private static func descend<Real: RealElement>(
    _ plane: UnsafePointer<Real>, _ extents: [Int], _ point: [Real], axis: Int, offset: Int
  ) -> Real {
    guard axis < extents.count else { return plane[offset] }
    let coordinate = point[axis]
    let extent = extents[axis]
    guard coordinate > -1, coordinate < Real(extent) else { return 0 }
    let floor = coordinate.rounded(.down)
    let fraction = coordinate - floor
    let lower = Int(floor)
    var sum: Real = 0
    if lower >= 0, lower < extent {
      let base = offset * extent + lower
      sum += (1 - fraction) * descend(plane, extents, point, axis: axis + 1, offset: base)
    }
    if lower + 1 < extent, fraction > 0 {
      let base = offset * extent + lower + 1
      sum += fraction * descend(plane, extents, point, axis: axis + 1, offset: base)
    }
    return sum
  }
}
