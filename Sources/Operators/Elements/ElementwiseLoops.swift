import Kernels
import Tensors

/// Applies `operation` to every element of `source`, large counts on several threads.
@inline(__always)
func mapElements<Input, Output>(
  _ source: UnsafePointer<Input>, into target: UnsafeMutablePointer<Output>, count: Int,
  grain: Int = Broadcast.grain, _ operation: (Input) -> Output
) {
  Parallel.forEach(count: count, grain: grain) { range in
    for index in range { target[index] = operation(source[index]) }
  }
}

/// Applies `operation` to each pair of elements of two broadcast operands.
@inline(__always)
func combineElements<Left, Right, Output>(
  _ broadcast: Broadcast, _ left: UnsafePointer<Left>, _ right: UnsafePointer<Right>,
  into target: UnsafeMutablePointer<Output>, _ operation: (Left, Right) -> Output
) {
  let repeatsLeft = broadcast.innerStride(0) == 0
  let repeatsRight = broadcast.innerStride(1) == 0
  broadcast.forEachRunInParallel { result, operands, count in
    let output = target + result
    let first = left + operands[0]
    let second = right + operands[1]
    if repeatsRight {
      let fixed = second[0]
      for index in 0..<count { output[index] = operation(first[index], fixed) }
    } else if repeatsLeft {
      let fixed = first[0]
      for index in 0..<count { output[index] = operation(fixed, second[index]) }
    } else {
      for index in 0..<count { output[index] = operation(first[index], second[index]) }
    }
  }
}
