/* Our own allocator: small blocks from the C library, large ones straight from the system on
 * huge pages, because weights and arenas of megabytes otherwise spend their time in the
 * translation of addresses. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>

#include "runtime/src/core/platform.h"

#define HUGE_PAGE ((size_t)2 << 20)

/* Mapped bytes for a large request: whole huge pages, and one more to align by. */
static size_t rounded(size_t bytes) { return (bytes + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1); }

static int is_large(size_t bytes) { return bytes >= HUGE_PAGE; }

static void *allocate_large(size_t bytes) {
  size_t whole = rounded(bytes);
  if (whole < bytes || whole + HUGE_PAGE < whole)
    return NULL;
  uint8_t *mapped = mmap(NULL, whole + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED)
    return NULL;
  size_t before = (HUGE_PAGE - (uintptr_t)mapped % HUGE_PAGE) % HUGE_PAGE;
  if (before)
    munmap(mapped, before);
  munmap(mapped + before + whole, HUGE_PAGE - before);
  /* A wish: without huge pages everything still works. */
  (void)madvise(mapped + before, whole, MADV_HUGEPAGE);
  return mapped + before;
}

static void *allocate(void *self, size_t bytes, size_t alignment) {
  void *memory;
  (void)self;
  if (is_large(bytes) && alignment <= HUGE_PAGE)
    return allocate_large(bytes);
  return posix_memalign(&memory, alignment < sizeof memory ? sizeof memory : alignment, bytes) == 0 ? memory
                                                                                                    : NULL;
}

static void deallocate(void *self, void *memory, size_t bytes, size_t alignment) {
  (void)self;
  if (is_large(bytes) && alignment <= HUGE_PAGE)
    munmap(memory, rounded(bytes));
  else
    free(memory);
}

const pleat_allocator pleat_rt_default_allocator = {sizeof(pleat_allocator), NULL, allocate, deallocate};
