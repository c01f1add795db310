import Foundation

/// One input of a fuzz target.
typealias FuzzInput = [UInt8]

/// The targets by name; `IMGCONV_FUZZ` chooses one.
let fuzzTargets: [String: @Sendable (FuzzInput) throws -> Void] = [
  "safetensors-header": FormatTargets.safetensorsHeader,
  "safetensors": FormatTargets.safetensors,
  "wire": FormatTargets.onnx,
  "onnx": FormatTargets.onnx,
  "external": ExternalTarget.run,
  "container": ContainerTargets.file,
  "frame": ContainerTargets.frame,
  "round-trip": ModelTargets.roundTrip,
  "quantize": ModelTargets.quantize,
]

/// The mutators that keep an input's structure, by target.
let fuzzMutators: [String: @Sendable (inout FuzzInput, Int, UInt32) -> Void] = [
  "safetensors": Repairs.safetensors, "onnx": ProtobufMutation.mutate,
  "container": Repairs.container,
]

/// What a target found wrong: not a crash, but a result that may not be.
struct FuzzFailure: Error {
  let text: String
}

private let chosen = ProcessInfo.processInfo.environment["IMGCONV_FUZZ"] ?? "safetensors"

/// libFuzzer's entry. Refusals are expected; a `FuzzFailure` is a find.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
  let input = Array(UnsafeBufferPointer(start: data, count: size))
  guard let target = fuzzTargets[chosen] else { fatalError("no fuzz target \(chosen)") }
  do {
    try target(input)
  } catch let failure as FuzzFailure {
    fatalError(failure.text)
  } catch {
    _ = "\(error)"  // messages are part of what is tested
  }
  return 0
}

/// libFuzzer's hook before the first input: with `IMGCONV_FUZZ_SEEDS` the target's seeds are written
/// into that folder, and nothing is run.
@_cdecl("LLVMFuzzerInitialize")
public func fuzzInitialize(
  _ count: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>
) -> Int32 {
  guard let folder = ProcessInfo.processInfo.environment["IMGCONV_FUZZ_SEEDS"] else { return 0 }
  do {
    try FuzzSeeds.write(chosen, into: folder)
  } catch {
    fatalError("no seeds of \(chosen): \(error)")
  }
  exit(0)
}

/// The name that SwiftPM gives an executable's `main`, which it looks for; the program's own `main` is
/// libFuzzer's.
@_cdecl("imgconv_fuzz_main")
public func fuzzMain(
  _ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 { 0 }

@_silgen_name("LLVMFuzzerMutate")
private func mutateBytes(_ data: UnsafeMutablePointer<UInt8>?, _ size: Int, _ capacity: Int) -> Int

extension [UInt8] {
  /// libFuzzer's own mutation of these bytes.
  mutating func mutate(limit: Int) {
    let capacity = Swift.max(1, limit)
    var buffer = self + [UInt8](repeating: 0, count: Swift.max(0, capacity - count))
    let size = Swift.min(count, capacity)
    let newSize = buffer.withUnsafeMutableBufferPointer {
      mutateBytes($0.baseAddress, size, capacity)
    }
    self = Array(buffer[..<newSize])
  }
}

/// libFuzzer's hook: bytes are changed at random, then what depends on them is repaired.
@_cdecl("LLVMFuzzerCustomMutator")
public func fuzzMutate(
  _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ capacity: Int, _ seed: UInt32
) -> Int {
  var bytes = Array(UnsafeBufferPointer(start: data, count: size))
  // One in four stays unrepaired, so that the repaired fields are tested too.
  if let mutator = fuzzMutators[chosen], seed % 4 != 0 {
    mutator(&bytes, capacity, seed)
  } else {
    bytes.mutate(limit: capacity)
  }
  let count = min(bytes.count, capacity)
  for index in 0..<count { data[index] = bytes[index] }
  return count
}
