#include "imgk_attention.h"

#include <math.h>
#include <stdlib.h>

#include "imgk_isa.h"
#include "imgk_parallel.h"
#include "internal/gemm.h"
#include "internal/scratch.h"
#include "internal/simd.h"

typedef struct {
  int (*soften)(float *scores, size_t keys, float *largest, float *sum, float *correction);
  void (*scale_rows)(float *rows, size_t count, const float *factor);
} imgk_attention_kernels;

#define IMGK_FAMILY imgk_attention
#define IMGK_BODY "attention_body.h"
#define IMGK_TABLE imgk_attention_kernels
#include "internal/each_isa.h"

// Scores and sums are held transposed, 32 queries side by side: a block of probabilities is then a right operand of the
// products with the values, and softmax runs over lanes.
enum { ROWS = IMGK_GEMM_ROWS, COLUMNS = IMGK_GEMM_COLUMNS, KEYS = 16 * ROWS, PANELS_A_JOB = 2 };

struct attention_work {
  const imgk_attention *attention;
  const imgk_gemm_kernels *products;
  float *keys, *values;  // left panels of one head: keys by size, and sizes of values by key
  const float *k, *v;
  size_t image, head;  // the first of the query heads that share the keys
  size_t panels;       // of queries in a head
};

static size_t panel_count(size_t lanes) { return (lanes + ROWS - 1) / ROWS; }

static void pack_panels(void *context, size_t begin, size_t end) {
  const struct attention_work *w = context;
  const imgk_attention *a = w->attention;
  const size_t key_panels = panel_count(a->keys);
  for (size_t p = begin; p < end; p++) {
    if (p < key_panels) {
      const size_t first = p * ROWS, lanes = a->keys - first < ROWS ? a->keys - first : ROWS;
      imgk_gemm_pack_panel(ROWS, w->k + first * a->k_rows.row, (ptrdiff_t)a->k_rows.row, 1, lanes, a->size,
                           w->keys + first * a->size);
    } else {
      const size_t first = (p - key_panels) * ROWS;
      const size_t lanes = a->value_size - first < ROWS ? a->value_size - first : ROWS;
      imgk_gemm_pack_panel(ROWS, w->v + first, 1, (ptrdiff_t)a->v_rows.row, lanes, a->keys,
                           w->values + first * a->keys);
    }
  }
}

/// Queries of one panel while the keys go by.
struct query_panel {
  float *queries;  // [size][32], scaled
  float *sums;     // [value_size][32]
  float *scores;   // [KEYS][32]
  float largest[COLUMNS], total[COLUMNS];
  size_t vectors;
};

static void run_keys(const struct attention_work *w, struct query_panel *p, size_t first, size_t count) {
  const imgk_attention *a = w->attention;
  for (size_t k = 0; k < count; k += ROWS) {
    w->products->tile(a->size, w->keys + (first + k) * a->size, p->queries, p->scores + k * COLUMNS, COLUMNS,
                      count - k < ROWS ? count - k : ROWS, p->vectors, 0);
  }
  for (size_t v = 0; v < p->vectors; v++) {
    float correction[IMGK_LANES];
    const size_t lane = v * IMGK_LANES;
    const int kept = IMGK_CHOSEN()->soften(p->scores + lane, count, p->largest + lane, p->total + lane, correction);
    if (!kept && first > 0) IMGK_CHOSEN()->scale_rows(p->sums + lane, a->value_size, correction);
  }
  for (size_t d = 0; d < a->value_size; d += ROWS) {
    w->products->tile(count, w->values + d * a->keys + first * ROWS, p->scores, p->sums + d * COLUMNS, COLUMNS,
                      a->value_size - d < ROWS ? a->value_size - d : ROWS, p->vectors, first > 0);
  }
}

static void write_panel(const imgk_attention *a, const struct query_panel *p, size_t count, float *y) {
  for (size_t q = 0; q < count; q++, y += a->y_rows.row) {
    const float inverse = 1.0f / p->total[q];
    for (size_t d = 0; d < a->value_size; d++) y[d] = p->sums[d * COLUMNS + q] * inverse;
  }
}

static void run_panels(void *context, size_t begin, size_t end) {
  const struct attention_work *w = context;
  const imgk_attention *a = w->attention;
  const size_t floats = (a->size + a->value_size + KEYS) * COLUMNS;
  float *memory = imgk_scratch(IMGK_SCRATCH_ATTENTION, PANELS_A_JOB * floats * sizeof(float));
  while (begin < end) {
    // Neighbouring panels of one head take each block of keys one after another, while it is near.
    const size_t head = w->head + begin / w->panels;
    struct query_panel panels[PANELS_A_JOB];
    size_t count = 0;
    const size_t first = begin % w->panels;
    for (; count < PANELS_A_JOB && begin < end && first + count < w->panels; count++, begin++) {
      struct query_panel *p = &panels[count];
      const size_t query = (first + count) * COLUMNS;
      const size_t lanes = a->queries - query < COLUMNS ? a->queries - query : COLUMNS;
      p->queries = memory + count * floats;
      p->sums = p->queries + a->size * COLUMNS;
      p->scores = p->sums + a->value_size * COLUMNS;
      p->vectors = (lanes + IMGK_LANES - 1) / IMGK_LANES;
      imgk_gemm_pack_panel(COLUMNS,
                           a->q + w->image * a->q_rows.batch + head * a->q_rows.head + query * a->q_rows.row,
                           (ptrdiff_t)a->q_rows.row, 1, lanes, a->size, p->queries);
      for (size_t i = 0; i < a->size * COLUMNS; i++) p->queries[i] *= a->scale;
      for (size_t i = 0; i < COLUMNS; i++) p->largest[i] = -INFINITY;
      for (size_t i = 0; i < COLUMNS; i++) p->total[i] = 0.0f;
    }
    for (size_t key = 0; key < a->keys; key += KEYS) {
      const size_t keys = a->keys - key < KEYS ? a->keys - key : KEYS;
      for (size_t i = 0; i < count; i++) run_keys(w, &panels[i], key, keys);
    }
    for (size_t i = 0; i < count; i++) {
      const size_t query = (first + i) * COLUMNS;
      write_panel(a, &panels[i], a->queries - query < COLUMNS ? a->queries - query : COLUMNS,
                  a->y + w->image * a->y_rows.batch + head * a->y_rows.head + query * a->y_rows.row);
    }
  }
}

int imgk_attention_run(const imgk_attention *a) {
  if (a->batch == 0 || a->heads == 0 || a->queries == 0 || a->value_size == 0) return 0;
  const size_t key_lanes = panel_count(a->keys) * ROWS, value_lanes = panel_count(a->value_size) * ROWS;
  size_t key_floats, value_floats, bytes;
  if (__builtin_mul_overflow(key_lanes, a->size, &key_floats) ||
      __builtin_mul_overflow(value_lanes, a->keys, &value_floats) ||
      __builtin_add_overflow(key_floats, value_floats, &bytes) || bytes > SIZE_MAX / 8) {
    return 1;
  }
  float *memory = aligned_alloc(64, (bytes * sizeof(float) + 127) & ~(size_t)63);
  if (memory == NULL) return 1;
  struct attention_work work = {.attention = a, .products = imgk_gemm_kernels_chosen(), .keys = memory,
                                .values = memory + key_floats, .panels = (a->queries + COLUMNS - 1) / COLUMNS};
  const size_t lane_floats = a->keys * (a->size < a->value_size ? a->value_size : a->size) / panel_count(a->keys) + 1;
  for (size_t i = 0; i < a->batch; i++) {
    for (size_t h = 0; h < a->heads; h += a->share) {
      work.image = i;
      work.head = h;
      work.k = a->k + i * a->k_rows.batch + h / a->share * a->k_rows.head;
      work.v = a->v + i * a->v_rows.batch + h / a->share * a->v_rows.head;
      imgk_parallel_for(panel_count(a->keys) + panel_count(a->value_size), 1 + 8192 / lane_floats, pack_panels, &work);
      imgk_parallel_for(a->share * work.panels, PANELS_A_JOB, run_panels, &work);
    }
  }
  free(memory);
  return 0;
}

void imgk_attention_ref(const imgk_attention *a) {
  for (size_t row = 0; row < a->batch * a->heads * a->queries; row++) {
    const size_t i = row / (a->heads * a->queries), h = row / a->queries % a->heads, r = row % a->queries;
    const float *q = a->q + i * a->q_rows.batch + h * a->q_rows.head + r * a->q_rows.row;
    const float *k = a->k + i * a->k_rows.batch + h / a->share * a->k_rows.head;
    const float *v = a->v + i * a->v_rows.batch + h / a->share * a->v_rows.head;
    float *y = a->y + i * a->y_rows.batch + h * a->y_rows.head + r * a->y_rows.row;
    double largest = -INFINITY, total = 0.0;
    for (int pass = 0; pass < 2; pass++) {
      for (size_t d = 0; pass && d < a->value_size; d++) y[d] = 0.0f;
      for (size_t n = 0; n < a->keys; n++) {
        double score = 0.0;
        for (size_t d = 0; d < a->size; d++) score += (double)q[d] * k[n * a->k_rows.row + d];
        score *= a->scale;
        if (pass == 0) {
          total = total * exp(largest - fmax(largest, score)) + exp(score - fmax(largest, score));
          largest = fmax(largest, score);
        } else {
          const double p = exp(score - largest) / total;
          for (size_t d = 0; d < a->value_size; d++) y[d] = (float)(y[d] + p * v[n * a->v_rows.row + d]);
        }
      }
    }
  }
}
