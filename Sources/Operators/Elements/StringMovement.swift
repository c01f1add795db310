import Tensors

extension ExecutionContext {
  /// Runs `kernel`, which only moves elements, also on strings: each string is replaced by its
  /// position among all inputs' strings, and the positions in the results `outputs` by the strings.
  func movingStrings(
    outputs: Range<Int> = 0..<1, _ kernel: (ExecutionContext) throws -> [Tensor?]
  ) throws -> [Tensor?] {
    guard inputs.contains(where: { $0?.dtype == .string }) else { return try kernel(self) }
    var pool = [""]  // Position 0, so that zeros written by the kernel become empty strings.
    var replaced = inputs
    for (index, input) in inputs.enumerated() {
      guard let input, input.dtype == .string else { continue }
      let positions = (pool.count..<(pool.count + input.elementCount)).map(Int64.init)
      replaced[index] = try Tensor(positions, input.shape)
      pool += input.strings
    }
    let none = [Bool](repeating: false, count: inputs.count)
    var results = try kernel(replacing(inputs: replaced, overwritable: none))
    for index in outputs where index < results.count {
      guard let positions = results[index], positions.dtype == .int64 else { continue }
      let strings = positions.array(of: Int64.self).map { position in
        pool.indices.contains(Int(position)) ? pool[Int(position)] : ""
      }
      results[index] = try Tensor(strings: strings, positions.shape)
    }
    return results
  }
}
