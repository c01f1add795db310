import ModelGraph

/// The blocks of a UNet in order, as both UNet classes arrange them.
struct UNetSkeleton {
  /// Channels of the levels, the finest first.
  let channels: [Int]
  /// Downward blocks.
  var down: [BlockShape] = []
  /// Upward blocks.
  var up: [BlockShape] = []
  /// What all have in common.
  let settings: BlockSettings

  /// The channels that upward block `index` comes from, gives, and meets last.
  func upChannels(_ index: Int) -> (previous: Int, outputs: Int, inputs: Int) {
    let reversed = Array(channels.reversed())
    return (
      reversed[max(index - 1, 0)], reversed[index], reversed[min(index + 1, channels.count - 1)]
    )
  }
}

extension NetworkBuilder {
  /// conv_in's result through all blocks; `middle` is the middle block.
  func walk(
    _ x: String, _ skeleton: UNetSkeleton, _ flow: inout BlockFlow,
    middle: (String, BlockFlow) throws(ArchitectureError) -> String
  ) throws(ArchitectureError) -> String {
    var hidden = x
    var states: [String?] = [x]
    for (index, shape) in skeleton.down.enumerated() {
      let result = try scope("down_blocks.\(index)") { () throws(ArchitectureError) in
        try downBlock(hidden, shape, skeleton.settings, &flow)
      }
      hidden = result.hidden
      states += result.states
    }
    hidden = try middle(hidden, flow)
    flow.image = nil
    for (index, shape) in skeleton.up.enumerated() {
      guard states.count >= shape.layers else {
        throw .value(
          file: checkpoint.file, key: "up_blocks.\(index)",
          expected: "as many skip connections as layers", found: "\(states.count)")
      }
      let taken = Array(states.suffix(shape.layers))
      states.removeLast(shape.layers)
      hidden = try scope("up_blocks.\(index)") { () throws(ArchitectureError) in
        try upBlock(
          hidden, shape, skeleton.settings, &flow, states: taken, nextState: states.last ?? nil)
      }
    }
    return hidden
  }
}
