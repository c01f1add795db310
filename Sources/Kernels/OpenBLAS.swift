import COpenBLAS
import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// The system's OpenBLAS, opened at run time with the core that suits this CPU.
///
/// OpenBLAS 0.3.21 does not know newer server CPUs and falls back to its *Prescott* kernels, at a third of the speed. It
/// chooses when it is opened, so it is opened here, after `OPENBLAS_CORETYPE` is set from what the CPU runs (a value set
/// by the user stands). It is the reference for the project's own products, and what `--version --verbose` reports.
public final class OpenBLAS: Sendable {
  /// The name of the core whose kernels the library uses, such as `SkylakeX`.
  public let coreName: String
  /// The library's own account of its build: version, options, core.
  public let configuration: String

  private let functions: Functions

  /// The function table: plain C pointers, fixed once loaded.
  private struct Functions: @unchecked Sendable {
    let table: copenblas_functions
  }

  private static let loaded: Result<OpenBLAS, KernelError> = {
    do throws(KernelError) {
      return .success(try OpenBLAS())
    } catch {
      return .failure(error)
    }
  }()

  /// The library, opened on first use. Throws `KernelError.openBLASUnavailable`.
  public static var shared: OpenBLAS {
    get throws(KernelError) { try loaded.get() }
  }

  /// The library's version, such as `0.3.21`, taken from `configuration`.
  public var version: String {
    let words = configuration.split(separator: " ")
    return words.count > 1 ? String(words[1]) : configuration
  }

  private init() throws(KernelError) {
    if let core = Self.suggestedCore { _ = copenblas_suggest_core(core) }
    var table = copenblas_functions()
    var message: UnsafePointer<CChar>?
    guard copenblas_load(Self.fileName, &table, &message) == 0 else {
      throw .openBLASUnavailable(reason: message.map { String(cString: $0) } ?? Self.fileName)
    }
    table.set_num_threads(Int32(Parallel.threadCount))
    coreName = table.corename().map { String(cString: $0) } ?? ""
    configuration = table.config().map { String(cString: $0) } ?? ""
    functions = Functions(table: table)
  }

  #if os(macOS)
    private static let fileName = "libopenblas.0.dylib"
  #else
    private static let fileName = "libopenblas.so.0"
  #endif

  /// The core to ask for; nil leaves the choice to the library.
  private static var suggestedCore: String? {
    switch InstructionSet.best {
    case .avx512, .avx512vnni: "SkylakeX"
    case .avx2: "Haswell"
    case .neon, .scalar: nil
    }
  }

  /// Sets how many threads the library uses.
  public func setThreadCount(_ count: Int) {
    functions.table.set_num_threads(Int32(clamping: max(1, count)))
  }

  /// C = alpha · op(A) · op(B) + beta · C, row-major, single precision (`cblas_sgemm`).
  ///
  /// op(A) is `[m, k]`, op(B) `[k, n]`, C `[m, n]`; a leading dimension is the distance between rows as stored.
  public func sgemm(
    transposeA: Bool = false, transposeB: Bool = false, m: Int, n: Int, k: Int, alpha: Float = 1,
    a: UnsafePointer<Float>, leadingA: Int, b: UnsafePointer<Float>, leadingB: Int, beta: Float = 0,
    c: UnsafeMutablePointer<Float>, leadingC: Int
  ) {
    let plain = Int32(COPENBLAS_NO_TRANS)
    let transposed = Int32(COPENBLAS_TRANS)
    functions.table.sgemm(
      Int32(COPENBLAS_ROW_MAJOR), transposeA ? transposed : plain,
      transposeB ? transposed : plain, Int32(m), Int32(n), Int32(k), alpha, a, Int32(leadingA), b,
      Int32(leadingB), beta, c, Int32(leadingC))
  }
}
