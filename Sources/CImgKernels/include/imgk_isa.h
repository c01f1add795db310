// Instruction sets: what this CPU can run, which one the kernels use.
#ifndef IMGK_ISA_H
#define IMGK_ISA_H

#ifdef __cplusplus
extern "C" {
#endif

/// An instruction set that kernels are written for, from the plainest to the widest.
typedef enum imgk_isa {
  IMGK_ISA_SCALAR = 0,
  IMGK_ISA_NEON = 1,
  /// AVX2 with FMA and F16C.
  IMGK_ISA_AVX2 = 2,
  /// AVX-512 F, BW, VL and DQ.
  IMGK_ISA_AVX512 = 3,
  /// AVX-512 as above, with VNNI (8-bit dot products).
  IMGK_ISA_AVX512VNNI = 4,
} imgk_isa;

enum { IMGK_ISA_COUNT = 5 };

/// What came of the environment variable IMGCONV_ISA.
typedef enum imgk_isa_status {
  /// Unset, or set to an instruction set that this CPU runs.
  IMGK_ISA_OK = 0,
  /// Set to a word that names no instruction set.
  IMGK_ISA_UNKNOWN = 1,
  /// Set to an instruction set that this CPU lacks.
  IMGK_ISA_UNSUPPORTED = 2,
} imgk_isa_status;

/// Whether this CPU, under this operating system, runs the instruction set.
int imgk_isa_supported(imgk_isa isa);

/// The widest instruction set that this CPU runs.
imgk_isa imgk_isa_best(void);

/// The instruction set kernels called from this thread use: the thread's override if there is one, else IMGCONV_ISA's
/// if that names a supported one, else the best.
imgk_isa imgk_isa_current(void);

/// What came of IMGCONV_ISA, read once per process. Callers must refuse to go on unless it is IMGK_ISA_OK.
imgk_isa_status imgk_isa_environment_status(void);

/// The name IMGCONV_ISA knows the instruction set by.
const char *imgk_isa_name(imgk_isa isa);

/// Sets this thread's override (-1: none) and returns the previous one. Parallel loops carry the caller's override to
/// the threads that help it. The instruction set must be supported.
int imgk_isa_override(int isa);

/// Whether the CPU has 8-bit dot products on 256-bit registers (AVX-VNNI), which IMGK_ISA_AVX2 does not imply.
int imgk_cpu_has_avx_vnni(void);

/// Whether the CPU has bf16 dot products on 512-bit registers (AVX512_BF16).
int imgk_cpu_has_avx512_bf16(void);

#ifdef __cplusplus
}
#endif

#endif
