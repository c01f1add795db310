// Gradients of the normalisations.
#ifndef IMGK_NORMALIZE_GRADIENT_H
#define IMGK_NORMALIZE_GRADIENT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The gradient of imgk_group_norm without SiLU at `src` for the result's gradient `dy`, both
/// `[batch, channels, pixels]`. With x̂ = (x - mean) / √(variance + epsilon) and n elements a group:
///
///     dx = (γ dy - Σ γ dy / n - x̂ Σ γ dy x̂ / n) / √(variance + epsilon), sums over the group
///     dγ[c] = Σ dy x̂, dβ[c] = Σ dy, sums over the images and pixels
///
/// `gamma` holds a factor a channel or is null. Results that are null are not computed; `dx` may be `dy`. `sums` is room
/// for 2 · batch · channels numbers. The bits depend neither on the instruction set nor on the threads.
void imgk_group_norm_gradient(const float *src, const float *dy, float *dx, size_t batch, size_t channels,
                              size_t pixels, size_t groups, const float *gamma, float epsilon, double *sums,
                              float *dgamma, float *dbeta);

/// The gradient with respect to the source by plain loops in double precision.
void imgk_group_norm_gradient_ref(const float *src, const float *dy, float *dx, size_t batch, size_t channels,
                                  size_t pixels, size_t groups, const float *gamma, float epsilon);

#ifdef __cplusplus
}
#endif
#endif
