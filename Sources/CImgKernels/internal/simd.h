// Private to CImgKernels: the means by which one kernel text is compiled for every instruction set.
//
// A kernel family FAMILY is written once, over clang's fixed-size vectors, in internal/FAMILY_body.h. FAMILY.c
// has it compiled for each instruction set through each_isa.h, which also picks one at run time. Vectors are
// 16 lanes wide on every instruction set and every fused multiply-add is explicit, so all of them give the same
// bits; only the speed differs.
#ifndef IMGK_SIMD_H
#define IMGK_SIMD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// a*b + c is contracted nowhere; fused products are written as imgk_fma.
#pragma STDC FP_CONTRACT OFF

// Functions that take or return vectors are all inlined into their callers: no call crosses an ABI.
#pragma clang diagnostic ignored "-Wpsabi"

#include "target.h"

#if IMGK_X86
#include <immintrin.h>
#endif

typedef uint8_t imgk_u8x16 __attribute__((vector_size(16), aligned(1)));
typedef uint8_t imgk_u8x8 __attribute__((vector_size(8), aligned(1)));
typedef uint16_t imgk_u16x16 __attribute__((vector_size(32), aligned(1)));
typedef int8_t imgk_s8x16 __attribute__((vector_size(16), aligned(1)));
typedef int16_t imgk_s16x16 __attribute__((vector_size(32), aligned(1)));
typedef uint64_t imgk_u64x8 __attribute__((vector_size(64), aligned(1)));
typedef int64_t imgk_s64x8 __attribute__((vector_size(64), aligned(1)));
typedef int32_t imgk_s32x8 __attribute__((vector_size(32), aligned(1)));
typedef float imgk_f32x8 __attribute__((vector_size(32), aligned(1)));
typedef double imgk_f64x8 __attribute__((vector_size(64), aligned(1)));

#if defined(__x86_64__) || defined(__aarch64__)
typedef _Float16 imgk_f16x16 __attribute__((vector_size(32), aligned(1)));
#endif

// The lanes most kernels work in: 16 of 32 bits.
typedef float imgk_vf __attribute__((vector_size(64), aligned(1)));
typedef int32_t imgk_vi __attribute__((vector_size(64), aligned(1)));
typedef uint32_t imgk_vu __attribute__((vector_size(64), aligned(1)));

enum { IMGK_LANES = 16 };

#endif
