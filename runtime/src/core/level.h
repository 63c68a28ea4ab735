/* Which compiled level this processor and system can run. */
#ifndef PLEAT_CORE_LEVEL_H
#define PLEAT_CORE_LEVEL_H

#include "runtime/abi/pleat_abi.h"

/* The feature words that levels are made of. */
typedef struct pleat_cpu_words {
  uint32_t leaf1_ecx, leaf7_ebx, leaf7_edx, extended_ecx; /* CPUID 1, 7.0 and 0x80000001 */
  uint64_t xcr0; /* register state that the system saves; 0 if it does not say */
} pleat_cpu_words;

/* Reads the words of the processor this runs on; words it does not have are 0. */
pleat_cpu_words pleat_rt_cpu_words(void);

/* The highest pleat_cpu_level that `words` offer, 0 for none. AMX still needs the system's
 * permission. */
uint32_t pleat_rt_cpu_level(const pleat_cpu_words *words);

/* Chooses the last of the model's levels that runs here and is at most `highest` (0: any). */
pleat_status pleat_rt_choose_level(const pleat_model_desc *desc, int32_t highest,
                                   const pleat_level_desc **level, pleat_error *error);

/* Such as "x86-64-v3"; static text. */
const char *pleat_rt_level_name(uint32_t level);

#endif
