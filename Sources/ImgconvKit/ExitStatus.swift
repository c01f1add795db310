import Architectures
import Diffusion
import Distillation
import FileIO
import GGUFFormat
import ImgcFormat
import Kernels
import ModelGraph
import ONNXFormat
import Operators
import Quantization
import Runtime
import SafetensorsFormat
import Tensors
import Verification

/// What a run of the tool ends with; the table is in `formats/exit-codes.md`.
public enum ExitStatus: Int32, Sendable {
  /// Done, and where there was something to pass, passed.
  case done = 0
  /// Verification failed.
  case failed = 1
  /// The input breaks a rule.
  case badInput = 2
  /// The system failed: disk full, no permission, an I/O error.
  case system = 3
  /// The input is over a limit, or asks for something that the tool does not have.
  case unsupported = 4
  /// The command line is wrong.
  case usage = 64
}

extension ExitStatus {
  /// The status that stands for `error`; nil for an error that is not one of the tool's.
  public init?(_ error: any Error) {
    switch error {
    case let error as FileIOError: self = error.isBadInput ? .badInput : .system
    case let error as JobError: self = error.exitStatus
    case let error as ArchitectureError: self = error.isUnsupported ? .unsupported : .badInput
    case SafetensorsError.file(let error): self = error.isBadInput ? .badInput : .system
    case let error as SafetensorsError: self = error.isLimit ? .unsupported : .badInput
    case let error as ONNXError: self = ExitStatus(error.kind)
    case let error as ImgcError: self = error.isLimit ? .unsupported : .badInput
    case let error as NodeError:
      self = error.isUnsupported ? .unsupported : ExitStatus(error.cause) ?? .badInput
    case let error as OperatorError: self = error.isUnsupported ? .unsupported : .badInput
    case let error as RuntimeError: self = error.isUnsupported ? .unsupported : .badInput
    case DistillationError.setting: self = .usage
    case is DistillationError: self = .badInput
    case let error as DiffusionError: self = error.isUnsupported ? .unsupported : .badInput
    case TensorError.outOfMemory: self = .unsupported
    case KernelError.outOfMemory: self = .unsupported
    case KernelError.unknownInstructionSet, KernelError.unsupportedInstructionSet: self = .usage
    case is TensorError, is GraphError, is GGUFError, is QuantizationError, is VerificationError,
      is KernelError, is PartsError:
      self = .badInput
    default: return nil
    }
  }
}

extension ExitStatus {
  private init(_ kind: ONNXError.Kind) {
    switch kind {
    case .badInput, .needsOption: self = .badInput
    case .io: self = .system
    case .limit: self = .unsupported
    }
  }
}

extension RuntimeError {
  fileprivate var isUnsupported: Bool {
    if case .unsupportedOperators = self { true } else { false }
  }
}
