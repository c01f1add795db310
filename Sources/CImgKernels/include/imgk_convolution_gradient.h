// The gradient of a 2-D fp32 convolution with respect to its filters.
#ifndef IMGK_CONVOLUTION_GRADIENT_H
#define IMGK_CONVOLUTION_GRADIENT_H

#include "imgk_gemm.h"

#ifdef __cplusplus
extern "C" {
#endif

/// dW[m, c, ky, kx] = Σ over images and pixels (y, x) of dY[m, y, x] · X[c, y · stride_y + ky · dilation_y - pad_top,
/// x · stride_x + kx · dilation_x - pad_left], elements outside X counting as 0.
///
/// `convolution` tells the shapes and holds X; its filters, result and epilogue are not looked at. `dy` lies as the
/// result, `dw` as filters `[groups * outputs, channels, kernel_height, kernel_width]`. Returns 0 when memory is
/// exhausted, else 1.
///
/// The order of each sum follows from the shapes alone: the bits are the same on every instruction set and for every
/// thread count.
int imgk_filter_gradient(const imgk_convolution *convolution, const float *dy, float *dw);

/// The same by plain loops, each sum in double precision.
void imgk_filter_gradient_ref(const imgk_convolution *convolution, const float *dy, float *dw);

#ifdef __cplusplus
}
#endif
#endif
