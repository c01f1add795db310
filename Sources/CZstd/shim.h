// libzstd, with the calls of which the C header makes macros as functions.
#ifndef IMGCONV_CZSTD_SHIM_H
#define IMGCONV_CZSTD_SHIM_H

#include <zstd.h>

/// ZSTD_CONTENTSIZE_UNKNOWN.
static inline unsigned long long czstd_content_size_unknown(void) { return ZSTD_CONTENTSIZE_UNKNOWN; }

/// ZSTD_CONTENTSIZE_ERROR.
static inline unsigned long long czstd_content_size_error(void) { return ZSTD_CONTENTSIZE_ERROR; }

#endif
