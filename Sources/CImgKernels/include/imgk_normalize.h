// Normalisations: layer, RMS, group, instance and batch.
#ifndef IMGK_NORMALIZE_H
#define IMGK_NORMALIZE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// All run on the kernels' threads; `dst` may be `src`. Means and variances are accumulated in fp32 blocks of 256 and
// fp64 totals, the variance around the mean; the bits depend neither on the instruction set nor on the threads.

/// Layer normalisation of `rows` rows of `count` elements: (x - mean) / √(variance + epsilon) · gamma + beta.
/// `gamma` and `beta` hold `count` elements or are null. Where not null, `mean` and `inverse` (1 / √(variance +
/// epsilon)) receive one value a row.
void imgk_layer_norm(const float *src, float *dst, size_t rows, size_t count, const float *gamma, const float *beta,
                     float epsilon, float *mean, float *inverse);

/// RMS normalisation of `rows` rows of `count` elements: x / √(mean of x² + epsilon) · gamma. `gamma` may be null.
void imgk_rms_norm(const float *src, float *dst, size_t rows, size_t count, const float *gamma, float epsilon);

/// Group normalisation of `[batch, channels, pixels]`: each of `groups` equal runs of channels is normalised over its
/// channels and pixels, then multiplied by gamma[c] and shifted by beta[c] (either may be null); `silu` not 0 applies
/// x · sigmoid(x) to the result. `groups` divides `channels`; with groups = channels it is instance normalisation.
void imgk_group_norm(const float *src, float *dst, size_t batch, size_t channels, size_t pixels, size_t groups,
                     const float *gamma, const float *beta, float epsilon, int silu);

/// Batch normalisation with given statistics of `[batch, channels, pixels]`:
/// (x - mean[c]) / √(variance[c] + epsilon) · gamma[c] + beta[c]; `gamma` and `beta` may be null.
void imgk_batch_norm(const float *src, float *dst, size_t batch, size_t channels, size_t pixels, const float *mean,
                     const float *variance, const float *gamma, const float *beta, float epsilon);

/// The reference of group normalisation, in double precision. Layer normalisation without gamma and beta is its case
/// of one channel and one group.
void imgk_group_norm_ref(const float *src, float *dst, size_t batch, size_t channels, size_t pixels, size_t groups,
                         const float *gamma, const float *beta, float epsilon, int silu);

/// The reference of RMS normalisation, in double precision.
void imgk_rms_norm_ref(const float *src, float *dst, size_t rows, size_t count, const float *gamma, float epsilon);

#ifdef __cplusplus
}
#endif
#endif
