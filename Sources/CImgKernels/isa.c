#include "imgk_isa.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "internal/target.h"

static const char *const names[IMGK_ISA_COUNT] = {"scalar", "neon", "avx2", "avx512", "avx512vnni"};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static imgk_isa process_isa = IMGK_ISA_SCALAR;
static imgk_isa_status process_status = IMGK_ISA_OK;
static _Thread_local int thread_override = -1;

int imgk_isa_supported(imgk_isa isa) {
  switch (isa) {
  case IMGK_ISA_SCALAR:
    return 1;
  case IMGK_ISA_NEON:
    return IMGK_NEON;
#if IMGK_X86
  case IMGK_ISA_AVX2:
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  case IMGK_ISA_AVX512:
    return imgk_isa_supported(IMGK_ISA_AVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  case IMGK_ISA_AVX512VNNI:
    return imgk_isa_supported(IMGK_ISA_AVX512) && __builtin_cpu_supports("avx512vnni");
#endif
  default:
    return 0;
  }
}

imgk_isa imgk_isa_best(void) {
  for (int isa = IMGK_ISA_COUNT - 1; isa > 0; isa--) {
    if (imgk_isa_supported((imgk_isa)isa)) return (imgk_isa)isa;
  }
  return IMGK_ISA_SCALAR;
}

static void choose(void) {
#if IMGK_X86
  __builtin_cpu_init();
#endif
  process_isa = imgk_isa_best();
  const char *wanted = getenv("IMGCONV_ISA");
  if (wanted == NULL || wanted[0] == 0) return;
  for (int isa = 0; isa < IMGK_ISA_COUNT; isa++) {
    if (strcmp(wanted, names[isa]) != 0) continue;
    if (imgk_isa_supported((imgk_isa)isa)) {
      process_isa = (imgk_isa)isa;
    } else {
      process_status = IMGK_ISA_UNSUPPORTED;
    }
    return;
  }
  process_status = IMGK_ISA_UNKNOWN;
}

imgk_isa imgk_isa_current(void) {
  if (thread_override >= 0) return (imgk_isa)thread_override;
  pthread_once(&once, choose);
  return process_isa;
}

imgk_isa_status imgk_isa_environment_status(void) {
  pthread_once(&once, choose);
  return process_status;
}

const char *imgk_isa_name(imgk_isa isa) { return (unsigned)isa < IMGK_ISA_COUNT ? names[isa] : "unknown"; }

int imgk_isa_override(int isa) {
  int previous = thread_override;
  thread_override = isa >= 0 && isa < IMGK_ISA_COUNT && imgk_isa_supported((imgk_isa)isa) ? isa : -1;
  return previous;
}

int imgk_cpu_has_avx_vnni(void) {
#if IMGK_X86
  return imgk_isa_supported(IMGK_ISA_AVX2) && __builtin_cpu_supports("avxvnni");
#else
  return 0;
#endif
}

int imgk_cpu_has_avx512_bf16(void) {
#if IMGK_X86
  return imgk_isa_supported(IMGK_ISA_AVX512) && __builtin_cpu_supports("avx512bf16");
#else
  return 0;
#endif
}
