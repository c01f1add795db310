// Includes the kernel text IMGK_BODY once for every instruction set of this architecture and defines
// `IMGK_CHOSEN()`, which returns the table of the instruction set in force. Before including this, define
// IMGK_FAMILY (the name prefix), IMGK_BODY (the quoted file) and IMGK_TABLE (the type of the table `kernels`
// that the text ends with). The text sees IMGK_FN, IMGK_TARGET and IMGK_LEVEL (0 for no particular set, 1 for AVX2, 2 for
// AVX-512). The text for no particular set serves the scalar and the NEON one. No include guard: it
// is included once per family.

#define IMGK_PASTE_(family, name, isa) family##_##name##_##isa
#define IMGK_PASTE(family, name, isa) IMGK_PASTE_(family, name, isa)

#define IMGK_FN(name) IMGK_PASTE(IMGK_FAMILY, name, base)
#define IMGK_LEVEL 0
#define IMGK_TARGET
#include IMGK_BODY
#undef IMGK_FN
#undef IMGK_LEVEL
#undef IMGK_TARGET

#if IMGK_X86
#define IMGK_FN(name) IMGK_PASTE(IMGK_FAMILY, name, avx2)
#define IMGK_LEVEL 1
#define IMGK_TARGET IMGK_TARGET_AVX2
#include IMGK_BODY
#undef IMGK_FN
#undef IMGK_LEVEL
#undef IMGK_TARGET

#define IMGK_FN(name) IMGK_PASTE(IMGK_FAMILY, name, avx512)
#define IMGK_LEVEL 2
#define IMGK_TARGET IMGK_TARGET_AVX512
#include IMGK_BODY
#undef IMGK_FN
#undef IMGK_LEVEL
#undef IMGK_TARGET
#endif

static inline const IMGK_TABLE *IMGK_PASTE(IMGK_FAMILY, chosen, now)(void) {
#if IMGK_X86
  switch (imgk_isa_current()) {
  case IMGK_ISA_AVX512VNNI:
  case IMGK_ISA_AVX512: return &IMGK_PASTE(IMGK_FAMILY, kernels, avx512);
  case IMGK_ISA_AVX2: return &IMGK_PASTE(IMGK_FAMILY, kernels, avx2);
  default: break;
  }
#endif
  return &IMGK_PASTE(IMGK_FAMILY, kernels, base);
}

#define IMGK_CHOSEN IMGK_PASTE(IMGK_FAMILY, chosen, now)
