import Kernels
import Testing

@Suite struct OpenBLASTests {
  static let available = (try? OpenBLAS.shared) != nil

  @Test("the core suits the CPU", .enabled(if: available, "needs OpenBLAS"))
  func coreSuitsCPU() throws {
    let core = try OpenBLAS.shared.coreName
    #expect(!core.isEmpty)
    if InstructionSet.best == .avx2 || InstructionSet.best == .avx512vnni {
      #expect(core != "Prescott")
    }
  }

  @Test("sgemm multiplies", .enabled(if: available, "needs OpenBLAS"))
  func multiplies() throws {
    let a: [Float] = [1, 2, 3, 4, 5, 6]
    let b: [Float] = [1, 0, 2, 1, 0, 3]
    var c = [Float](repeating: 1, count: 4)
    try OpenBLAS.shared.sgemm(
      m: 2, n: 2, k: 3, a: a, leadingA: 3, b: b, leadingB: 2, beta: 2, c: &c, leadingC: 2)
    #expect(c == [7, 13, 16, 25])
  }
}
