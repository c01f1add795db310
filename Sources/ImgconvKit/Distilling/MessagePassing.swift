import Distillation
import Tensors

#if MPI
  import COpenMPI
#endif

/// The processes that `mpirun` started, as a group that trains together.
public struct MessagePassing: ProcessGroup, Sendable {
  /// Which of them this one is, from 0.
  public let rank: Int
  /// How many there are.
  public let count: Int

  #if MPI
    /// Joins the others; at most once a process.
    ///
    /// - Throws: `JobError.option` where MPI does not start.
    public init() throws {
      guard copenmpi_begin() == 1 else {
        throw JobError.option(name: "--mpi", expected: "MPI to start", found: "a failure")
      }
      rank = Int(copenmpi_rank())
      count = Int(copenmpi_count())
    }

    /// Sums each element over the processes (MPI_Allreduce), a tensor after the other.
    public func sum(_ tensors: [Tensor]) throws {
      let most = Int(Int32.max)
      for tensor in tensors {
        let elements = tensor.mutablePointer(as: Float.self)
        for start in stride(from: 0, to: tensor.elementCount, by: most) {
          let size = min(most, tensor.elementCount - start)
          guard copenmpi_sum(elements + start, Int32(size)) == 1 else {
            throw JobError.option(
              name: "--mpi", expected: "a sum over \(count) processes", found: "a failure")
          }
        }
        withExtendedLifetime(tensor) {}
      }
    }

    /// Leaves the others; all must call it.
    public func end() { copenmpi_end() }
  #else
    /// - Throws: `JobError.option`: this build has no MPI.
    public init() throws {
      throw JobError.option(
        name: "--mpi", expected: "a build with MPI (swift build --traits MPI, libopenmpi-dev)",
        found: "one without")
    }

    /// Nothing: there is no such group in this build.
    public func sum(_ tensors: [Tensor]) {}

    /// Nothing: there is no such group in this build.
    public func end() {}
  #endif
}
