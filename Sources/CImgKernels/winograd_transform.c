#include "imgk_isa.h"
#include "internal/simd.h"
#include "internal/winograd.h"

#define IMGK_FAMILY imgk_winograd
#define IMGK_BODY "winograd_body.h"
#define IMGK_TABLE imgk_winograd_kernels
#include "internal/each_isa.h"

const imgk_winograd_kernels *imgk_winograd_kernels_chosen(void) { return IMGK_CHOSEN(); }
