// What the C library does with memory that was freed.
#ifndef IMGK_MEMORY_H
#define IMGK_MEMORY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Has blocks of `size` bytes or more given back to the system when they are freed.
/// - Returns: 0, or -1 where the C library cannot (everything works without it too).
int imgk_give_back_from(size_t size);

#ifdef __cplusplus
}
#endif

#endif
