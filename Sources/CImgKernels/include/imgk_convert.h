// Conversions between floating-point types over arrays, rounded once.
#ifndef IMGK_CONVERT_H
#define IMGK_CONVERT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// All round to the nearest, halves to even, in one step; subnormals and infinities are exact; a NaN stays a NaN (its
// sign and leading payload bits, made quiet). Numbers beyond a type's range become infinite unless said otherwise. The
// bits are the same on every instruction set. Neither alignment nor count matters; source and result do not overlap.

void imgk_f32_to_f16(const float *src, uint16_t *dst, size_t count);
void imgk_f16_to_f32(const uint16_t *src, float *dst, size_t count);
void imgk_f32_to_bf16(const float *src, uint16_t *dst, size_t count);
void imgk_bf16_to_f32(const uint16_t *src, float *dst, size_t count);
void imgk_f64_to_f32(const double *src, float *dst, size_t count);
/// Rounded once, not by way of fp32.
void imgk_f64_to_f16(const double *src, uint16_t *dst, size_t count);
/// Rounded once, not by way of fp32.
void imgk_f64_to_bf16(const double *src, uint16_t *dst, size_t count);

/// A floating-point type of at most 8 bits, one element a byte (ONNX's fp8 and fp4 types, OCP's fp6).
typedef enum imgk_small_type {
  IMGK_F8E4M3FN,
  IMGK_F8E4M3FNUZ,
  IMGK_F8E5M2,
  IMGK_F8E5M2FNUZ,
  IMGK_F6E2M3,
  IMGK_F6E3M2,
  IMGK_F4E2M1,
  IMGK_SMALL_TYPE_COUNT
} imgk_small_type;

/// Rounds to the type. Numbers beyond its range become its largest where `saturate` is not 0 (and always for the types
/// of finite numbers), else infinity or NaN, as the type has them (ONNX Cast). Where the type has no NaN, NaN becomes
/// negative zero.
void imgk_f32_to_small(imgk_small_type type, int saturate, const float *src, uint8_t *dst, size_t count);
/// As above from fp64, rounded once.
void imgk_f64_to_small(imgk_small_type type, int saturate, const double *src, uint8_t *dst, size_t count);
/// The numbers the bytes stand for; bits beyond the type's width are ignored.
void imgk_small_to_f32(imgk_small_type type, const uint8_t *src, float *dst, size_t count);

// The references: one element at a time, in double precision.
uint16_t imgk_f16_ref(double value);
uint16_t imgk_bf16_ref(double value);
uint8_t imgk_small_ref(imgk_small_type type, int saturate, double value);

#ifdef __cplusplus
}
#endif
#endif
