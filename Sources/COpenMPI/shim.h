// The few calls of MPI that data-parallel training needs; MPI's handles are macros, which Swift cannot see.
#ifndef IMGCONV_COPENMPI_SHIM_H
#define IMGCONV_COPENMPI_SHIM_H

#include <mpi.h>

/// Starts MPI for calls from one thread. Returns 1, or 0 on failure.
static inline int copenmpi_begin(void) {
  int provided = 0;
  return MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided) == MPI_SUCCESS;
}

static inline void copenmpi_end(void) { MPI_Finalize(); }

static inline int copenmpi_rank(void) {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

static inline int copenmpi_count(void) {
  int count = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &count);
  return count;
}

/// Replaces each of the values by its sum over the processes. Returns 1, or 0 on failure.
static inline int copenmpi_sum(float *values, int count) {
  return MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD) == MPI_SUCCESS;
}

#endif
