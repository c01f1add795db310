// The thread pool: parallel loops over warm threads.
#ifndef IMGK_PARALLEL_H
#define IMGK_PARALLEL_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The body of a parallel loop: runs indices begin ..< end.
typedef void (*imgk_loop_body)(void *context, size_t begin, size_t end);

/// Runs `body` over 0 ..< count in chunks of at most `grain` indices (0 counts as 1), on the calling thread and on the
/// pool's, and returns when all are done. Chunk k is always k*grain ..< min((k+1)*grain, count); which thread runs it
/// varies, so a body's results must not depend on it. Called from inside a loop, or while another thread holds the pool,
/// it runs everything on the calling thread.
void imgk_parallel_for(size_t count, size_t grain, imgk_loop_body body, void *context);

/// How many CPUs the process may run on (its scheduling affinity), at least 1.
size_t imgk_available_cpu_count(void);

/// How many threads a loop may use, the caller's included. Default: imgk_available_cpu_count(), at most 256.
size_t imgk_thread_count(void);

/// Sets how many threads loops may use from now on: 1 to 256, clamped. Results of kernels do not depend on it.
void imgk_set_thread_count(size_t count);

/// Frees the scratch memory that kernels keep on the calling thread and, at their next loop, on the pool's threads.
void imgk_release_scratch(void);

#ifdef __cplusplus
}
#endif

#endif
