#include "imgk_memory.h"

#include <limits.h>
#include <malloc.h>

int imgk_give_back_from(size_t size) {
#ifdef M_MMAP_THRESHOLD
  if (size <= INT_MAX && mallopt(M_MMAP_THRESHOLD, (int)size)) return 0;
#endif
  return -1;
}
