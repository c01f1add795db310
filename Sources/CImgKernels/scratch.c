#include "internal/scratch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "imgk_parallel.h"

struct scratch {
  void *memory[IMGK_SCRATCH_SLOT_COUNT];
  size_t bytes[IMGK_SCRATCH_SLOT_COUNT];
  unsigned epoch;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static _Atomic unsigned release_epoch;
static _Thread_local struct scratch *mine;

static void empty(struct scratch *s) {
  for (int slot = 0; slot < IMGK_SCRATCH_SLOT_COUNT; slot++) {
    free(s->memory[slot]);
    s->memory[slot] = NULL;
    s->bytes[slot] = 0;
  }
}

static void at_thread_exit(void *value) {
  empty(value);
  free(value);
}

static void make_key(void) { pthread_key_create(&key, at_thread_exit); }

static struct scratch *thread_scratch(void) {
  if (mine != NULL) return mine;
  pthread_once(&once, make_key);
  mine = calloc(1, sizeof(struct scratch));
  if (mine == NULL) abort();
  mine->epoch = atomic_load(&release_epoch);
  pthread_setspecific(key, mine);
  return mine;
}

void *imgk_scratch(enum imgk_scratch_slot slot, size_t bytes) {
  struct scratch *s = thread_scratch();
  if (s->bytes[slot] >= bytes) return s->memory[slot];
  free(s->memory[slot]);
  size_t rounded = (bytes + 4095) & ~(size_t)4095;
  s->memory[slot] = aligned_alloc(64, rounded);
  if (s->memory[slot] == NULL) abort();
  s->bytes[slot] = rounded;
  return s->memory[slot];
}

/// Called by the pool when a thread is between loops: no kernel holds a pointer into its scratch then.
void imgk_scratch_checkpoint(void) {
  if (mine == NULL) return;
  unsigned epoch = atomic_load_explicit(&release_epoch, memory_order_relaxed);
  if (mine->epoch == epoch) return;
  empty(mine);
  mine->epoch = epoch;
}

void imgk_release_scratch(void) {
  atomic_fetch_add(&release_epoch, 1);
  imgk_scratch_checkpoint();
}
