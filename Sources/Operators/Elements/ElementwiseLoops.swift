import Kernels
import Tensors

/// A function of one element, as a type, so that the loops over it are compiled for it alone.
protocol ElementFunction {
  associatedtype Input: BitwiseCopyable
  associatedtype Output: BitwiseCopyable
  func callAsFunction(_ x: Input) -> Output
}

/// A function of two elements, as a type, so that the loops over it are compiled for it alone.
protocol ElementPairFunction {
  associatedtype Left: BitwiseCopyable
  associatedtype Right: BitwiseCopyable
  associatedtype Output: BitwiseCopyable
  func callAsFunction(_ a: Left, _ b: Right) -> Output
}

/// Applies `function` to every element of `source`, large counts on several threads.
func mapElements<Function: ElementFunction>(
  _ source: UnsafePointer<Function.Input>, into target: UnsafeMutablePointer<Function.Output>,
  count: Int, _ function: Function
) {
  Parallel.forEach(count: count, grain: Broadcast.grain) { range in
    let (input, output) = (source + range.lowerBound, target + range.lowerBound)
    for index in 0..<range.count { output[index] = function(input[index]) }
  }
}

/// Applies `function` to each pair of elements of two broadcast operands.
func combineElements<Function: ElementPairFunction>(
  _ broadcast: Broadcast, _ left: UnsafePointer<Function.Left>,
  _ right: UnsafePointer<Function.Right>, into target: UnsafeMutablePointer<Function.Output>,
  _ function: Function
) {
  let repeatsLeft = broadcast.innerStride(0) == 0
  let repeatsRight = broadcast.innerStride(1) == 0
  broadcast.forEachRunInParallel { result, operands, count in
    let (output, first, second) = (target + result, left + operands[0], right + operands[1])
    if repeatsLeft {
      withRepeated(first[0], count: count) { fixed, block in
        forEachBlock(count, block) { start, length in
          combine(fixed, second + start, into: output + start, count: length, function)
        }
      }
    } else if repeatsRight {
      withRepeated(second[0], count: count) { fixed, block in
        forEachBlock(count, block) { start, length in
          combine(first + start, fixed, into: output + start, count: length, function)
        }
      }
    } else {
      combine(first, second, into: output, count: count, function)
    }
  }
}

/// Applies `function` to `count` pairs.
@inline(never)
private func combine<Function: ElementPairFunction>(
  _ left: UnsafePointer<Function.Left>, _ right: UnsafePointer<Function.Right>,
  into target: UnsafeMutablePointer<Function.Output>, count: Int, _ function: Function
) {
  for index in 0..<count { target[index] = function(left[index], right[index]) }
}

/// Calls `body` with as many copies of `element` as one block of a run of `count` takes.
private func withRepeated<Element: BitwiseCopyable>(
  _ element: Element, count: Int, _ body: (UnsafePointer<Element>, _ block: Int) -> Void
) {
  let block = min(count, 512)
  withUnsafeTemporaryAllocation(of: Element.self, capacity: block) { copies in
    copies.initialize(repeating: element)
    if let base = copies.baseAddress { body(base, block) }
  }
}

private func forEachBlock(_ count: Int, _ block: Int, _ body: (_ start: Int, _ length: Int) -> Void)
{
  var start = 0
  while start < count {
    body(start, min(block, count - start))
    start += block
  }
}

/// A closure of one element; every call goes through it.
private struct ElementClosure<Input: BitwiseCopyable, Output: BitwiseCopyable>: ElementFunction {
  let body: (Input) -> Output
  func callAsFunction(_ x: Input) -> Output { body(x) }
}

/// A closure of two elements; every call goes through it.
private struct ElementPairClosure<
  Left: BitwiseCopyable, Right: BitwiseCopyable, Output: BitwiseCopyable
>: ElementPairFunction {
  let body: (Left, Right) -> Output
  func callAsFunction(_ a: Left, _ b: Right) -> Output { body(a, b) }
}

/// As `mapElements` with a function as a type, for loops that need not be fast.
func mapElements<Input: BitwiseCopyable, Output: BitwiseCopyable>(
  _ source: UnsafePointer<Input>, into target: UnsafeMutablePointer<Output>, count: Int,
  _ operation: (Input) -> Output
) {
  withoutActuallyEscaping(operation) { operation in
    mapElements(source, into: target, count: count, ElementClosure(body: operation))
  }
}

/// As `combineElements` with a function as a type, for loops that need not be fast.
func combineElements<
  Left: BitwiseCopyable, Right: BitwiseCopyable, Output: BitwiseCopyable
>(
  _ broadcast: Broadcast, _ left: UnsafePointer<Left>, _ right: UnsafePointer<Right>,
  into target: UnsafeMutablePointer<Output>, _ operation: (Left, Right) -> Output
) {
  withoutActuallyEscaping(operation) { operation in
    combineElements(broadcast, left, right, into: target, ElementPairClosure(body: operation))
  }
}
