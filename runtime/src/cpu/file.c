/* Files, as Linux has them. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/src/core/fail.h"
#include "runtime/src/core/platform.h"

/* The number is enough to look up; turning it into words would need the C library's locale. */
static pleat_status fail_io(pleat_error *error, const char *what, const char *path) {
  return pleat_rt_fail(error, PLEAT_STATUS_IO, "cannot %s '%s' (errno %" PRId64 ")", what, path,
                       (int64_t)errno);
}

pleat_status pleat_rt_file_open(const char *path, pleat_file *file, pleat_error *error) {
  struct stat about;
  /* Not blocking, so that a named pipe is refused below instead of waited for. */
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0)
    return fail_io(error, "open", path);
  if (fstat(descriptor, &about) != 0 || !S_ISREG(about.st_mode)) {
    close(descriptor);
    return pleat_rt_fail(error, PLEAT_STATUS_IO, "'%s' is not a regular file", path);
  }
  file->descriptor = descriptor;
  file->bytes = (uint64_t)about.st_size;
  return PLEAT_STATUS_OK;
}

void pleat_rt_file_close(const pleat_file *file) { close(file->descriptor); }

pleat_status pleat_rt_file_read(const pleat_file *file, void *to, uint64_t bytes, pleat_error *error) {
  uint64_t done = 0;
  while (done < bytes) {
    ssize_t got = pread(file->descriptor, (uint8_t *)to + done, bytes - done, (off_t)done);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return fail_io(error, "read all of", "the weights file");
    done += (uint64_t)got;
  }
  return PLEAT_STATUS_OK;
}

pleat_status pleat_rt_file_map(const pleat_file *file, const uint8_t **image, pleat_error *error) {
  void *mapped = mmap(NULL, file->bytes, PROT_READ, MAP_SHARED, file->descriptor, 0);
  if (mapped == MAP_FAILED)
    return fail_io(error, "map", "the weights file");
  /* The first run reads nearly all of it: let the disk start now. */
  (void)madvise(mapped, file->bytes, MADV_WILLNEED);
  *image = mapped;
  return PLEAT_STATUS_OK;
}

void pleat_rt_file_unmap(const uint8_t *image, uint64_t bytes) { munmap((void *)(uintptr_t)image, bytes); }
