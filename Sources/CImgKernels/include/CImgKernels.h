// Umbrella header: every C kernel of the project. Each kernel family has a header of its own.
#ifndef CIMGKERNELS_H
#define CIMGKERNELS_H

#include "imgk_attention.h"
#include "imgk_binary.h"
#include "imgk_difference.h"
#include "imgk_gemm.h"
#include "imgk_int8.h"
#include "imgk_bits.h"
#include "imgk_calibrate.h"
#include "imgk_convert.h"
#include "imgk_convolution_gradient.h"
#include "imgk_isa.h"
#include "imgk_memory.h"
#include "imgk_normalize.h"
#include "imgk_normalize_gradient.h"
#include "imgk_parallel.h"
#include "imgk_planes.h"
#include "imgk_quantize.h"
#include "imgk_reduce.h"
#include "imgk_rounding.h"
#include "imgk_sha256.h"
#include "imgk_softmax.h"
#include "imgk_unary.h"
#include "imgk_xxh64.h"

#endif
