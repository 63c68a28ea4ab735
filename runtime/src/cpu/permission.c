/* Linux hands out AMX state only to processes that ask (Documentation/arch/x86/xstate.rst). */
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/src/core/platform.h"

enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 }; /* ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA */

int pleat_rt_permit_amx(void) { return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0; }
