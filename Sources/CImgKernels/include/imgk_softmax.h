// Softmax and its logarithm.
#ifndef IMGK_SOFTMAX_H
#define IMGK_SOFTMAX_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Softmax over the middle axis of `[outer, axis, inner]` on the kernels' threads: e^(x - max) / Σ e^(x - max), or its
/// logarithm x - max - log Σ e^(x - max) where `logarithm` is not 0.
///
/// The exponentials are fp32 (1 ulp), their sum fp64. `dst` may be `src`. A slice that holds NaN or +Inf, or nothing
/// but -Inf, comes out as NaN. The bits depend neither on the instruction set nor on the number of threads.
void imgk_softmax(const float *src, float *dst, size_t outer, size_t axis, size_t inner, int logarithm);

/// The reference, in double precision.
void imgk_softmax_ref(const float *src, float *dst, size_t outer, size_t axis, size_t inner, int logarithm);

#ifdef __cplusplus
}
#endif
#endif
