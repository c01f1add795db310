#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "imgk_parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>

#include "imgk_isa.h"
#include "internal/target.h"

void imgk_scratch_checkpoint(void);

enum { MAX_THREADS = 256, SPINS = 2000 };

struct job {
  imgk_loop_body body;
  void *context;
  size_t count, grain, chunk_count;
  size_t worker_limit;
  int isa_override;
};

// The loop that is running. `state` holds its generation (upper 32 bits), whether helpers may still join (bit 31) and
// how many helpers are inside (lower bits). A helper touches `job` only while it is counted inside, and the caller
// returns only after closing the loop and seeing that count reach 0, so `job` may be reused at once.
static struct job job;
static _Atomic uint64_t state;
static _Atomic size_t next_chunk;
#define OPEN ((uint64_t)1 << 31)
#define GENERATION(s) ((uint32_t)((s) >> 32))
#define INSIDE(s) ((uint32_t)(s) & 0x7fffffffu)

static pthread_mutex_t pool_mutex = PTHREAD_MUTEX_INITIALIZER;  // held by the thread whose loop uses the pool
static pthread_mutex_t sleep_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work_arrived = PTHREAD_COND_INITIALIZER;
static pthread_cond_t helper_left = PTHREAD_COND_INITIALIZER;
static _Atomic int sleeping_helpers;
static _Atomic int caller_sleeps;

static _Atomic size_t wanted_threads;  // 0: not set yet
static size_t helper_count;            // guarded by pool_mutex
static _Thread_local int inside_loop;

static inline void relax(void) {
#if IMGK_X86
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

size_t imgk_available_cpu_count(void) {
#if defined(__linux__)
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    int count = CPU_COUNT(&set);
    if (count > 0) return (size_t)count;
  }
#endif
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (size_t)online : 1;
}

size_t imgk_thread_count(void) {
  size_t count = atomic_load_explicit(&wanted_threads, memory_order_relaxed);
  if (count != 0) return count;
  count = imgk_available_cpu_count();
  count = count > MAX_THREADS ? MAX_THREADS : count;
  atomic_store_explicit(&wanted_threads, count, memory_order_relaxed);
  return count;
}

void imgk_set_thread_count(size_t count) {
  count = count < 1 ? 1 : count > MAX_THREADS ? MAX_THREADS : count;
  atomic_store_explicit(&wanted_threads, count, memory_order_relaxed);
}

static void run_chunks(void) {
  for (;;) {
    size_t chunk = atomic_fetch_add_explicit(&next_chunk, 1, memory_order_relaxed);
    if (chunk >= job.chunk_count) return;
    size_t begin = chunk * job.grain;
    size_t end = job.count - begin < job.grain ? job.count : begin + job.grain;
    job.body(job.context, begin, end);
  }
}

/// Enters the loop that is open, if its generation is not `seen`; returns whether it did.
static int join(uint32_t seen) {
  uint64_t s = atomic_load_explicit(&state, memory_order_acquire);
  while ((s & OPEN) && GENERATION(s) != seen) {
    if (atomic_compare_exchange_weak_explicit(&state, &s, s + 1, memory_order_acq_rel, memory_order_acquire)) return 1;
  }
  return 0;
}

static void leave(void) {
  uint64_t before = atomic_fetch_sub(&state, 1);
  if (INSIDE(before) == 1 && !(before & OPEN) && atomic_load(&caller_sleeps)) {
    pthread_mutex_lock(&sleep_mutex);
    pthread_cond_signal(&helper_left);
    pthread_mutex_unlock(&sleep_mutex);
  }
}

static uint32_t wait_for_work(uint32_t seen) {
  for (int spin = 0; spin < SPINS; spin++) {
    uint32_t now = GENERATION(atomic_load_explicit(&state, memory_order_acquire));
    if (now != seen) return now;
    relax();
  }
  pthread_mutex_lock(&sleep_mutex);
  atomic_fetch_add(&sleeping_helpers, 1);
  uint32_t now;
  while ((now = GENERATION(atomic_load(&state))) == seen) pthread_cond_wait(&work_arrived, &sleep_mutex);
  atomic_fetch_sub(&sleeping_helpers, 1);
  pthread_mutex_unlock(&sleep_mutex);
  return now;
}

static void *helper(void *argument) {
  size_t index = (size_t)(uintptr_t)argument;
  uint32_t seen = 0;
  inside_loop = 1;
  for (;;) {
    uint32_t generation = wait_for_work(seen);
    imgk_scratch_checkpoint();
    if (join(seen)) {
      generation = GENERATION(atomic_load_explicit(&state, memory_order_acquire));
      if (index < job.worker_limit) {
        imgk_isa_override(job.isa_override);
        run_chunks();
      }
      leave();
    }
    seen = generation;
  }
  return NULL;
}

static void start_helpers(size_t wanted) {
  while (helper_count < wanted) {
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int failed = pthread_create(&thread, &attributes, helper, (void *)(uintptr_t)helper_count);
    pthread_attr_destroy(&attributes);
    if (failed) return;
    helper_count++;
  }
}

static void wait_for_helpers(void) {
  for (int spin = 0; spin < SPINS; spin++) {
    if (INSIDE(atomic_load_explicit(&state, memory_order_acquire)) == 0) return;
    relax();
  }
  pthread_mutex_lock(&sleep_mutex);
  atomic_store(&caller_sleeps, 1);
  while (INSIDE(atomic_load(&state)) != 0) pthread_cond_wait(&helper_left, &sleep_mutex);
  atomic_store(&caller_sleeps, 0);
  pthread_mutex_unlock(&sleep_mutex);
}

static void run_inline(size_t count, size_t grain, imgk_loop_body body, void *context) {
  for (size_t begin = 0; begin < count; begin += grain) {
    body(context, begin, count - begin < grain ? count : begin + grain);
    if (count - begin <= grain) return;
  }
}

void imgk_parallel_for(size_t count, size_t grain, imgk_loop_body body, void *context) {
  if (count == 0) return;
  if (grain == 0) grain = 1;
  size_t chunk_count = (count - 1) / grain + 1;
  size_t threads = imgk_thread_count();
  if (chunk_count == 1 || threads == 1 || inside_loop || pthread_mutex_trylock(&pool_mutex) != 0) {
    run_inline(count, grain, body, context);
    return;
  }
  start_helpers(threads - 1);
  int isa_override = imgk_isa_override(-1);
  imgk_isa_override(isa_override);
  job = (struct job){body, context, count, grain, chunk_count, threads - 1, isa_override};
  atomic_store_explicit(&next_chunk, 0, memory_order_relaxed);
  uint32_t generation = GENERATION(atomic_load_explicit(&state, memory_order_relaxed)) + 1;
  atomic_store(&state, (uint64_t)generation << 32 | OPEN);
  if (atomic_load(&sleeping_helpers) > 0) {
    pthread_mutex_lock(&sleep_mutex);
    pthread_cond_broadcast(&work_arrived);
    pthread_mutex_unlock(&sleep_mutex);
  }
  inside_loop = 1;
  run_chunks();
  inside_loop = 0;
  atomic_fetch_and(&state, ~OPEN);
  wait_for_helpers();
  pthread_mutex_unlock(&pool_mutex);
}
