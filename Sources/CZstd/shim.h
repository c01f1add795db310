// libzstd, with the calls of which the C header makes macros as functions.
#ifndef IMGCONV_CZSTD_SHIM_H
#define IMGCONV_CZSTD_SHIM_H

// For ZSTD_c_literalCompressionMode, a parameter of a function that is stable itself.
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

/// ZSTD_CONTENTSIZE_UNKNOWN.
static inline unsigned long long czstd_content_size_unknown(void) { return ZSTD_CONTENTSIZE_UNKNOWN; }

/// ZSTD_CONTENTSIZE_ERROR.
static inline unsigned long long czstd_content_size_error(void) { return ZSTD_CONTENTSIZE_ERROR; }

/// ZSTD_c_literalCompressionMode, and its value that always entropy-codes literals.
static inline ZSTD_cParameter czstd_literal_mode(void) { return ZSTD_c_literalCompressionMode; }
static inline int czstd_literals_compressed(void) { return ZSTD_ps_enable; }

#endif
