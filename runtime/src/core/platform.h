/* What the core wants from its surroundings: everything beyond memcpy, memset and memcmp.
 * runtime/src/cpu implements this for Linux; a system without files or threads answers with
 * PLEAT_STATUS_UNSUPPORTED. */
#ifndef PLEAT_CORE_PLATFORM_H
#define PLEAT_CORE_PLATFORM_H

#include "runtime/include/pleat/pleat.h"

/* The allocator of those who bring none. Large requests come on huge pages where the system
 * has them. */
extern const pleat_allocator pleat_rt_default_allocator;

/* An open file. */
typedef struct pleat_file {
  int descriptor;
  uint64_t bytes;
} pleat_file;

/* Opens the regular file at `path` for reading; close it with pleat_rt_file_close. */
pleat_status pleat_rt_file_open(const char *path, pleat_file *file, pleat_error *error);
void pleat_rt_file_close(const pleat_file *file);

/* Reads the file's first `bytes` bytes; fewer are a failure. */
pleat_status pleat_rt_file_read(const pleat_file *file, void *to, uint64_t bytes, pleat_error *error);

/* Maps the whole file read-only; the mapping outlives the open file. */
pleat_status pleat_rt_file_map(const pleat_file *file, const uint8_t **image, pleat_error *error);
void pleat_rt_file_unmap(const uint8_t *image, uint64_t bytes);

/* Asks the system to let this process use AMX tiles; 0 if it refuses. */
int pleat_rt_permit_amx(void);

/* A pool of threads - 1 workers and the calling thread; its executor stays at the same
 * address until it is destroyed. Calls from several threads at once are allowed: while the
 * workers are busy, the later caller does its parts itself. */
pleat_status pleat_rt_pool_create(int64_t threads, const pleat_allocator *allocator, pleat_executor **pool,
                                  pleat_error *error);

/* Ends the workers. No session may use the pool any more; NULL is harmless. */
void pleat_rt_pool_destroy(pleat_executor *pool);

#endif
