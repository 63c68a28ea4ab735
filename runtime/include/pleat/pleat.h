/* The types that every compiled model shares with its host. Each model's own header NAME.h
 * repeats this text and then declares the model's functions, so a host includes NAME.h
 * alone and needs nothing installed. A complete program for a model called `tiny`, which
 * maps x[batch][3] to y[batch][2]:
 *
 *   #include "tiny.h"
 *   #include <stdio.h>
 *
 *   int main(void) {
 *     const float x[2][3] = {{1, 2, 3}, {4, 5, 6}};
 *     float y[2][2];
 *     pleat_error error;
 *     tiny_model *model = NULL;
 *     tiny_session *session = NULL;
 *
 *     pleat_load_options load;
 *     pleat_load_options_init(&load);
 *     load.weights_path = "tiny.weights";
 *     pleat_status status = tiny_model_load(&load, &model, &error);
 *
 *     if (status == PLEAT_STATUS_OK)
 *       status = tiny_session_create(model, NULL, NULL, &session, &error);
 *     if (status == PLEAT_STATUS_OK) {
 *       const tiny_inputs inputs = {&x[0][0]};
 *       const tiny_outputs outputs = {&y[0][0]};
 *       const tiny_dims dims = {2};
 *       status = tiny_session_run(session, &inputs, &outputs, &dims, &error);
 *     }
 *     if (status == PLEAT_STATUS_OK)
 *       printf("%g %g\n%g %g\n", y[0][0], y[0][1], y[1][0], y[1][1]);
 *     else
 *       fprintf(stderr, "%s: %s\n", pleat_status_name(status), error.text);
 *
 *     tiny_session_destroy(session);
 *     tiny_model_destroy(model);
 *     return status != PLEAT_STATUS_OK;
 *   }
 *
 * Rules that hold everywhere:
 * - A model is immutable: any number of threads may use it, each with sessions of its own.
 *   A session belongs to one thread at a time. A model outlives its sessions.
 * - What can fail returns a pleat_status. A result is written on success alone. `error` may
 *   be NULL; otherwise a failure fills it and success leaves it as it was.
 * - destroy accepts NULL.
 * - "Borrowed" names until when the pointed-to memory must stay valid and unchanged;
 *   "copied" means it may go once the call returns.
 * - Running allocates nothing, starts no thread and leaves the floating-point control
 *   register alone.
 */
#ifndef PLEAT_H
#define PLEAT_H

#include <stddef.h>
#include <stdint.h>

/* Version of this text. A later version adds and never changes, so of two texts in one
 * program the later one must come first; see the last lines. */
#define PLEAT_API_VERSION 1

#ifdef __cplusplus
extern "C" {
#endif

/* Every outcome: name, number (never reused), what it means and what to do. */
#define PLEAT_STATUSES(X)                                                                                    \
  X(OK, 0, "done")                                                                                           \
  X(INVALID_ARGUMENT, 1, "a pointer, count or option cannot be used; correct the call")                      \
  X(OUT_OF_MEMORY, 2, "the allocator refused; free memory or ask for smaller sizes")                         \
  X(IO, 3, "a file cannot be opened, read or mapped; check path and rights")                                 \
  X(BAD_WEIGHTS, 4, "not a weights file, or a damaged one; fetch it again")                                  \
  X(VERSION_MISMATCH, 5, "two parts come from versions that do not fit; compile the model again")            \
  X(WRONG_BUILD, 6, "the weights belong to another build of the model; ship both together")                  \
  X(HASH_MISMATCH, 7, "a tensor's bytes are not the compiled ones; fetch the weights again")                 \
  X(UNSUPPORTED_CPU, 8, "no compiled level runs on this processor and system; compile a lower one")          \
  X(DIM_OUT_OF_RANGE, 9, "a dimension is out of its range or beyond the session's limits")                   \
  X(SHAPE_MISMATCH, 10, "a tensor's type, rank or shape is not what the model takes")                        \
  X(ID_OUT_OF_RANGE, 11, "an integer input points outside the table it indexes")                             \
  X(TOO_LARGE, 12, "sizes exceed what memory can address; ask for smaller sizes")                            \
  X(STATE_FULL, 13, "a state has no room for this run; reset it or create a larger session")                 \
  X(NO_THREADS, 14, "the system refused to start a thread; ask for fewer")                                   \
  X(UNSUPPORTED, 15, "this build of the runtime lacks what was asked for")

typedef enum pleat_status {
#define PLEAT_STATUS_VALUE(name, number, text) PLEAT_STATUS_##name = number,
  PLEAT_STATUSES(PLEAT_STATUS_VALUE)
#undef PLEAT_STATUS_VALUE
      PLEAT_STATUS_FORCE_INT = 0x7fffffff /* never returned: makes the type an int everywhere */
} pleat_status;

/* The name of a status, such as "OUT_OF_MEMORY"; "UNKNOWN" for a number not in the table.
 * Static text. */
static inline const char *pleat_status_name(pleat_status status) {
  switch ((int)status) {
#define PLEAT_STATUS_CASE(name, number, text)                                                                \
  case number:                                                                                               \
    return #name;
    PLEAT_STATUSES(PLEAT_STATUS_CASE)
#undef PLEAT_STATUS_CASE
  default:
    return "UNKNOWN";
  }
}

/* What a status means and what to do about it. Static text. */
static inline const char *pleat_status_text(pleat_status status) {
  switch ((int)status) {
#define PLEAT_STATUS_CASE(name, number, text)                                                                \
  case number:                                                                                               \
    return text;
    PLEAT_STATUSES(PLEAT_STATUS_CASE)
#undef PLEAT_STATUS_CASE
  default:
    return "a status of a later version";
  }
}

/* Why a call failed. The caller owns it; nothing in it needs freeing. */
typedef struct pleat_error {
  pleat_status code; /* what the call returned */
  char text[252];    /* one line, lower case, ends with a zero byte; cut if too long */
} pleat_error;

/* Element types; the numbers are those of ONNX's TensorProto.DataType. A PLEAT_BOOL is one
 * byte, 0 or 1. */
typedef enum pleat_type {
  PLEAT_F32 = 1,
  PLEAT_U8 = 2,
  PLEAT_I8 = 3,
  PLEAT_U16 = 4,
  PLEAT_I16 = 5,
  PLEAT_I32 = 6,
  PLEAT_I64 = 7,
  PLEAT_BOOL = 9,
  PLEAT_F16 = 10,
  PLEAT_F64 = 11,
  PLEAT_U32 = 12,
  PLEAT_U64 = 13,
  PLEAT_BF16 = 16
} pleat_type;

#define PLEAT_MAX_RANK 8

/* A view of a dense tensor, row-major, for hosts that learn shapes at run time. */
typedef struct pleat_tensor {
  int32_t type; /* pleat_type */
  int32_t rank; /* 0 to PLEAT_MAX_RANK */
  int64_t shape[PLEAT_MAX_RANK];
  void *data; /* borrowed for the call; element alignment suffices; may be NULL if a size is 0.
                 An input's data is only read. */
} pleat_tensor;

/* Where memory comes from. Without one, the C library serves small requests and the system's
 * huge pages large ones. Both functions may be called from any thread that uses the model. */
typedef struct pleat_allocator {
  size_t struct_size; /* sizeof(pleat_allocator) */
  void *self;         /* borrowed until whatever took the allocator is destroyed */
  /* `bytes` > 0 at a multiple of `alignment`, a power of two; NULL when there is no room. */
  void *(*allocate)(void *self, size_t bytes, size_t alignment);
  /* Takes back what allocate gave, with the same sizes. */
  void (*deallocate)(void *self, void *memory, size_t bytes, size_t alignment);
} pleat_allocator;

/* How work is spread over threads. A host that has a thread pool offers it here; see also
 * NAME_pool_create. */
typedef struct pleat_executor {
  size_t struct_size; /* sizeof(pleat_executor) */
  void *self;         /* borrowed until the last session that uses it is destroyed */
  int64_t threads;    /* how many calls can make progress at once, at least 1 */
  /* Calls fn(ctx, i) once for each i in 0 .. n-1, in any order and on any threads, and
   * returns when all have returned. It may run them one after another. Must not fail. */
  void (*parallel_for)(void *self, int64_t n, void (*fn)(void *ctx, int64_t i), void *ctx);
} pleat_executor;

typedef enum pleat_log_level { PLEAT_LOG_INFO = 0, PLEAT_LOG_WARNING = 1 } pleat_log_level;

/* Receives one line of text, without a newline; borrowed for the call. */
typedef void (*pleat_log_fn)(void *self, pleat_log_level level, const char *text);

/* How weights reach memory. */
typedef enum pleat_load_mode {
  PLEAT_LOAD_MAP = 0, /* where they are: a file is mapped read-only and shared by processes; a
                         file that shrinks while mapped ends the process, as with any mapping */
  PLEAT_LOAD_COPY = 1 /* into memory of our own, on huge pages unless an allocator is given:
                         up to 1.2 times faster where weights are read once a run */
} pleat_load_mode;

/* Instruction set levels, each with what the ones before it need. */
typedef enum pleat_cpu_level {
  PLEAT_X86_64_V3 = 1,    /* AVX2, FMA, F16C, BMI1, BMI2, LZCNT, MOVBE */
  PLEAT_X86_64_V4 = 2,    /* AVX-512 F, BW, CD, DQ, VL */
  PLEAT_X86_64_V4_AMX = 3 /* AMX-TILE, AMX-BF16, and the system's permission to use them */
} pleat_cpu_level;

/* Options of NAME_model_load. Give weights by path or by address, or neither if they are
 * embedded in the library. */
typedef struct pleat_load_options {
  size_t struct_size;
  const char *weights_path;         /* copied */
  const void *weights_data;         /* borrowed until the model is destroyed (PLEAT_LOAD_MAP; at a
                                       multiple of 64) or copied (PLEAT_LOAD_COPY) */
  size_t weights_bytes;             /* of weights_data */
  int32_t load_mode;                /* pleat_load_mode */
  int32_t check_hashes;             /* not 0: read all weights and compare their hashes */
  int32_t highest_level;            /* use no pleat_cpu_level above this one; 0: no limit */
  int32_t reserved;                 /* 0 */
  const pleat_allocator *allocator; /* copied, its self borrowed; NULL: our own */
  pleat_log_fn log;                 /* NULL: say nothing; called during the load alone */
  void *log_self;                   /* borrowed for the load */
} pleat_load_options;

/* Fills in the defaults: weights unnamed, mapped, unhashed; best level; our own allocator. */
static inline void pleat_load_options_init(pleat_load_options *options) {
  const pleat_load_options none = {
      sizeof(pleat_load_options), NULL, NULL, 0, PLEAT_LOAD_MAP, 0, 0, 0, NULL, NULL, NULL};
  *options = none;
}

/* Options of NAME_session_create. */
typedef struct pleat_session_options {
  size_t struct_size;
  const pleat_executor *executor;   /* copied, its self borrowed; NULL: see threads */
  int64_t threads;                  /* without an executor: 1 runs in the calling thread, more makes
                                       a pool that the session owns; 0 counts as 1 */
  const pleat_allocator *allocator; /* copied, its self borrowed; NULL: our own */
} pleat_session_options;

/* Fills in the defaults: the calling thread, our own allocator. */
static inline void pleat_session_options_init(pleat_session_options *options) {
  const pleat_session_options none = {sizeof(pleat_session_options), NULL, 0, NULL};
  *options = none;
}

/* What NAME_model_info tells about a loaded model; set struct_size before the call. */
typedef struct pleat_model_info {
  size_t struct_size;
  int32_t level;          /* pleat_cpu_level in use */
  int32_t weights_copied; /* 1 if the weights lie in memory of our own, 0 if they were borrowed */
  uint64_t weights_bytes; /* the weights file, header and padding included */
  const char *level_name; /* static text, such as "x86-64-v3" */
} pleat_model_info;

#ifdef __cplusplus
}
#endif

#elif PLEAT_API_VERSION < 1
#error "include the header of the model compiled last before those of earlier ones"
#endif /* PLEAT_H */
