// Measures how many fp32 operations a second the processor does: fused multiply-adds of registers alone, in the widest
// vectors it has, on N threads at once. Prints 10⁹ operations a second, a multiply-add counting as two: the best of
// several rounds.
//
//   cc -O2 -pthread peak.c -o peak && ./peak N
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 7, STEPS = 4000000, MOST_THREADS = 256 };

#define STEP(x) \
  x = x * factor + term; \
  __asm__ volatile("" : REGISTER(x));
#define KERNEL(name, attributes, width)                                                             \
  typedef float name##_lanes __attribute__((vector_size(4 * width)));                               \
  attributes static float name(long steps) {                                                        \
    name##_lanes factor, term;                                                                      \
    for (int i = 0; i < width; i++) factor[i] = 0.999999f, term[i] = 1e-6f;                         \
    name##_lanes a = term, b = term, c = term, d = term, e = term, f = term;                        \
    name##_lanes g = term, h = term, i = term, j = term, k = term, l = term;                        \
    while (steps-- > 0) {                                                                           \
      STEP(a) STEP(b) STEP(c) STEP(d) STEP(e) STEP(f) STEP(g) STEP(h) STEP(i) STEP(j) STEP(k) STEP(l) \
    }                                                                                               \
    a = a + b + c + d + e + f + g + h + i + j + k + l;                                              \
    return a[0];                                                                                    \
  }

enum { CHAINS = 12 };

#pragma STDC FP_CONTRACT ON
#if defined(__x86_64__)
#define REGISTER(x) "+v"(x)
KERNEL(widest, __attribute__((target("avx512f,fma"))), 16)
KERNEL(wide, __attribute__((target("avx2,fma"))), 8)
KERNEL(plain, , 4)
#else
#define REGISTER(x) "+w"(x)
KERNEL(plain, , 4)
#endif

struct kernel {
  float (*run)(long);
  double operations_a_step;
};

static struct kernel chosen(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return (struct kernel){widest, 2.0 * 16 * CHAINS};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return (struct kernel){wide, 2.0 * 8 * CHAINS};
  return (struct kernel){plain, 2.0 * 4 * CHAINS};
#else
  return (struct kernel){plain, 2.0 * 4 * CHAINS};
#endif
}

static struct kernel kernel;
static volatile float sink;

static void *work(void *unused) {
  sink = kernel.run(STEPS);
  return unused;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv) {
  const int threads = argc > 1 ? atoi(argv[1]) : 1;
  pthread_t handles[MOST_THREADS];
  if (threads < 1 || threads > MOST_THREADS) return 2;
  kernel = chosen();
  double best = 0;
  for (int round = 0; round < ROUNDS; round++) {
    const double start = now();
    for (int i = 1; i < threads; i++) {
      if (pthread_create(&handles[i], NULL, work, NULL) != 0) return 1;
    }
    work(NULL);
    for (int i = 1; i < threads; i++) pthread_join(handles[i], NULL);
    const double rate = kernel.operations_a_step * STEPS * threads / (now() - start) * 1e-9;
    if (rate > best) best = rate;
  }
  printf("%.1f\n", best);
  return 0;
}
