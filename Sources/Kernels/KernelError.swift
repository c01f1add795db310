/// A rule of the kernels that was broken by their surroundings: the environment, the machine, a caller's shapes.
public enum KernelError: Error, Equatable, Sendable {
  /// `IMGCONV_ISA` names no instruction set.
  case unknownInstructionSet(name: String, supported: [InstructionSet])
  /// `IMGCONV_ISA` names an instruction set that this CPU does not run.
  case unsupportedInstructionSet(InstructionSet, supported: [InstructionSet])
  /// OpenBLAS could not be opened, or lacks a function; the loader's own words.
  case openBLASUnavailable(reason: String)
  /// Shapes that do not fit together; `rule` says what must hold.
  case shape(kernel: String, rule: String, found: String)
  /// A buffer could not be allocated.
  case outOfMemory(kernel: String, byteCount: Int)
}

extension KernelError: CustomStringConvertible {
  /// What went wrong, for the user.
  public var description: String {
    switch self {
    case .unknownInstructionSet(let name, let supported):
      "IMGCONV_ISA is \"\(name)\", which names no instruction set; this CPU runs \(Self.list(supported))"
    case .unsupportedInstructionSet(let isa, let supported):
      "IMGCONV_ISA asks for \(isa), which this CPU lacks; it runs \(Self.list(supported))"
    case .openBLASUnavailable(let reason):
      "OpenBLAS cannot be used: \(reason) (on Debian, install libopenblas0)"
    case .shape(let kernel, let rule, let found):
      "\(kernel): \(rule), found \(found)"
    case .outOfMemory(let kernel, let byteCount):
      "\(kernel): no memory for \(byteCount) bytes"
    }
  }

  private static func list(_ sets: [InstructionSet]) -> String {
    sets.map(\.description).joined(separator: ", ")
  }
}
