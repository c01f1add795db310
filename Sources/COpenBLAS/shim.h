// OpenBLAS, loaded at run time.
//
// The library is not linked: there is no `link` line in the module map and no pkg-config entry. Its constructor chooses
// the kernels ("core") from cpuid and from OPENBLAS_CORETYPE, and a linked library's constructor runs before main, when it
// is too late to help it: version 0.3.21 does not know newer server CPUs and falls back to its slowest x86-64 core. So the
// caller sets OPENBLAS_CORETYPE first and then opens the library.
#ifndef COPENBLAS_SHIM_H
#define COPENBLAS_SHIM_H

#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>

/// The functions of libopenblas (32-bit integer interface) that the project calls.
struct copenblas_functions {
  void *library;
  void (*sgemm)(int order, int trans_a, int trans_b, int m, int n, int k, float alpha, const float *a, int lda,
                const float *b, int ldb, float beta, float *c, int ldc);
  char *(*corename)(void);
  char *(*config)(void);
  void (*set_num_threads)(int count);
};

enum { COPENBLAS_ROW_MAJOR = 101, COPENBLAS_NO_TRANS = 111, COPENBLAS_TRANS = 112 };

/// Sets OPENBLAS_CORETYPE unless the user has set it; returns 0, or -1 with errno set.
static inline int copenblas_suggest_core(const char *core) { return setenv("OPENBLAS_CORETYPE", core, 0); }

/// Opens the library and looks up every function. Returns 0; 1 when the library cannot be opened; 2 when a function is
/// missing from it. On failure `*message` is dlerror's text, valid until the next call of dlopen or dlsym on this thread.
static inline int copenblas_load(const char *file_name, struct copenblas_functions *out, const char **message) {
  out->library = dlopen(file_name, RTLD_NOW | RTLD_LOCAL);
  if (out->library == NULL) {
    *message = dlerror();
    return 1;
  }
  *(void **)&out->sgemm = dlsym(out->library, "cblas_sgemm");
  *(void **)&out->corename = dlsym(out->library, "openblas_get_corename");
  *(void **)&out->config = dlsym(out->library, "openblas_get_config");
  *(void **)&out->set_num_threads = dlsym(out->library, "openblas_set_num_threads");
  if (out->sgemm && out->corename && out->config && out->set_num_threads) return 0;
  *message = dlerror();
  return 2;
}

#endif
