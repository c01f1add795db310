#include "imgk_isa.h"
#include "internal/gemm.h"
#include "internal/simd.h"

#define IMGK_FAMILY imgk_gemm
#define IMGK_BODY "gemm_body.h"
#define IMGK_TABLE imgk_gemm_kernels
#include "internal/each_isa.h"

const imgk_gemm_kernels *imgk_gemm_kernels_chosen(void) { return IMGK_CHOSEN(); }
