import CImgKernels
import Foundation

/// An instruction set that the kernels are written for, from the plainest to the widest.
public enum InstructionSet: String, CaseIterable, Sendable {
  /// Plain C.
  case scalar
  /// AArch64 NEON.
  case neon
  /// AVX2 with FMA and F16C.
  case avx2
  /// AVX-512 F, BW, VL and DQ.
  case avx512
  /// AVX-512 with VNNI.
  case avx512vnni

  /// The instruction sets this CPU runs, plainest first.
  public static var supported: [InstructionSet] {
    allCases.filter { imgk_isa_supported($0.code) != 0 }
  }

  /// The widest instruction set this CPU runs.
  public static var best: InstructionSet { InstructionSet(code: imgk_isa_best()) }

  /// The instruction set that kernels called from this thread use.
  ///
  /// It is the best one, unless the environment variable `IMGCONV_ISA` names another. Throws
  /// `KernelError.unknownInstructionSet` or `.unsupportedInstructionSet` when that variable cannot be obeyed: whoever
  /// starts work (the command line, a runtime session) reads `current` first and stops on an error.
  public static var current: InstructionSet {
    get throws(KernelError) {
      switch imgk_isa_environment_status() {
      case IMGK_ISA_UNKNOWN:
        throw .unknownInstructionSet(name: requestedName, supported: supported)
      case IMGK_ISA_UNSUPPORTED:
        guard let wanted = InstructionSet(rawValue: requestedName) else {
          throw .unknownInstructionSet(name: requestedName, supported: supported)
        }
        throw .unsupportedInstructionSet(wanted, supported: supported)
      default:
        return InstructionSet(code: imgk_isa_current())
      }
    }
  }

  /// Runs `body` with the kernels it calls from this thread held to `self`, which must be in `supported`.
  ///
  /// Parallel loops started inside carry the choice to their helpers.
  public func forced<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(imgk_isa_supported(code) != 0, "this CPU does not run \(self)")
    let previous = imgk_isa_override(Int32(code.rawValue))
    defer { _ = imgk_isa_override(previous) }
    return try body()
  }

  private static var requestedName: String {
    ProcessInfo.processInfo.environment["IMGCONV_ISA"] ?? ""
  }

  /// The C kernels' code for the instruction set.
  package var code: imgk_isa {
    switch self {
    case .scalar: IMGK_ISA_SCALAR
    case .neon: IMGK_ISA_NEON
    case .avx2: IMGK_ISA_AVX2
    case .avx512: IMGK_ISA_AVX512
    case .avx512vnni: IMGK_ISA_AVX512VNNI
    }
  }

  package init(code: imgk_isa) {
    switch code {
    case IMGK_ISA_NEON: self = .neon
    case IMGK_ISA_AVX2: self = .avx2
    case IMGK_ISA_AVX512: self = .avx512
    case IMGK_ISA_AVX512VNNI: self = .avx512vnni
    default: self = .scalar
    }
  }
}

extension InstructionSet: CustomStringConvertible {
  /// The name `IMGCONV_ISA` knows it by.
  public var description: String { rawValue }
}
