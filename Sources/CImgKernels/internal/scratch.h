// Scratch memory of a thread: kept between calls, grown on demand, freed with the thread.
#ifndef IMGK_SCRATCH_H
#define IMGK_SCRATCH_H

#include <stddef.h>

/// Separate buffers, so that a kernel and the kernels it calls do not share one.
enum imgk_scratch_slot {
  IMGK_SCRATCH_PACK_A,
  IMGK_SCRATCH_PACK_B,
  IMGK_SCRATCH_TILE,
  IMGK_SCRATCH_ATTENTION,
  IMGK_SCRATCH_TRANSFORM,
  IMGK_SCRATCH_WINOGRAD_FILTERS,
  IMGK_SCRATCH_WINOGRAD_RESULT,
  IMGK_SCRATCH_INT8,
  IMGK_SCRATCH_VECTOR,
  IMGK_SCRATCH_SLOT_COUNT
};

/// The calling thread's buffer of that slot, 64-byte aligned, of at least `bytes` bytes; its contents are undefined.
/// Aborts when memory is exhausted: requests are bounded by a kernel's block sizes, not by its input.
void *imgk_scratch(enum imgk_scratch_slot slot, size_t bytes);

#endif
