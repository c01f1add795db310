// Function attributes that compile one function for an instruction set, with no compiler flags.
#ifndef IMGK_TARGET_H
#define IMGK_TARGET_H

#if defined(__x86_64__)
#define IMGK_X86 1
#define IMGK_TARGET_AVX2 __attribute__((target("avx2,fma,f16c")))
#define IMGK_TARGET_AVX512                                                                                             \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c")))
#define IMGK_TARGET_AVX512VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c")))
#else
#define IMGK_X86 0
#endif

#if defined(__aarch64__)
#define IMGK_NEON 1
#else
#define IMGK_NEON 0
#endif

#define IMGK_INLINE static inline __attribute__((always_inline))

#endif
