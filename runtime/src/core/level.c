/* Decides the instruction set level by features alone: names and families of processors
 * change, and virtual machines hide features that the name promises. */
#include "runtime/src/core/level.h"

#include <cpuid.h>

#include "runtime/src/core/fail.h"
#include "runtime/src/core/platform.h"

#define BIT(n) (1u << (n))

/* CPUID.1:ECX */
enum {
  LEAF1_V2 = BIT(0) | BIT(9) | BIT(13) | BIT(19) | BIT(20) | BIT(23), /* SSE3 .. SSE4.2, CX16, POPCNT */
  LEAF1_V3 = BIT(12) | BIT(22) | BIT(28) | BIT(29),                   /* FMA, MOVBE, AVX, F16C */
  LEAF1_OSXSAVE = BIT(27)
};
/* CPUID.7.0:EBX and EDX, CPUID.80000001:ECX */
enum {
  LEAF7_V3 = BIT(3) | BIT(5) | BIT(8),              /* BMI1, AVX2, BMI2 */
  LEAF7_V4 = BIT(16) | BIT(17) | BIT(28) | BIT(30), /* AVX-512 F, DQ, CD, BW */
  LEAF7_AMX = BIT(22) | BIT(24),                    /* AMX-BF16, AMX-TILE */
  EXTENDED_V3 = BIT(5)                              /* LZCNT */
};
#define LEAF7_V4_VL BIT(31)
/* XCR0: SSE and AVX; opmask and both halves of ZMM; tile configuration and data. */
enum { STATE_AVX = 0x6, STATE_AVX512 = 0xe6, STATE_AMX = 0x600e6 };

static uint64_t read_xcr0(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

pleat_cpu_words pleat_rt_cpu_words(void) {
  pleat_cpu_words words = {0, 0, 0, 0, 0};
  uint32_t a, b, c, d;
  if (__get_cpuid(1, &a, &b, &c, &d))
    words.leaf1_ecx = c;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    words.leaf7_ebx = b;
    words.leaf7_edx = d;
  }
  if (__get_cpuid(0x80000001, &a, &b, &c, &d))
    words.extended_ecx = c;
  if (words.leaf1_ecx & LEAF1_OSXSAVE)
    words.xcr0 = read_xcr0();
  return words;
}

static int has(uint64_t word, uint64_t bits) { return (word & bits) == bits; }

uint32_t pleat_rt_cpu_level(const pleat_cpu_words *words) {
  if (!has(words->leaf1_ecx, LEAF1_V2 | LEAF1_V3 | LEAF1_OSXSAVE) || !has(words->leaf7_ebx, LEAF7_V3) ||
      !has(words->extended_ecx, EXTENDED_V3) || !has(words->xcr0, STATE_AVX))
    return 0;
  if (!has(words->leaf7_ebx, LEAF7_V4 | LEAF7_V4_VL) || !has(words->xcr0, STATE_AVX512))
    return PLEAT_X86_64_V3;
  if (!has(words->leaf7_edx, LEAF7_AMX) || !has(words->xcr0, STATE_AMX))
    return PLEAT_X86_64_V4;
  return PLEAT_X86_64_V4_AMX;
}

const char *pleat_rt_level_name(uint32_t level) {
  switch (level) {
  case 0:
    return "x86-64";
  case PLEAT_X86_64_V3:
    return "x86-64-v3";
  case PLEAT_X86_64_V4:
    return "x86-64-v4";
  case PLEAT_X86_64_V4_AMX:
    return "x86-64-v4-amx";
  default:
    return "unknown";
  }
}

pleat_status pleat_rt_choose_level(const pleat_model_desc *desc, int32_t highest,
                                   const pleat_level_desc **level, pleat_error *error) {
  pleat_cpu_words words = pleat_rt_cpu_words();
  uint32_t offered = pleat_rt_cpu_level(&words);
  if (highest > 0 && offered > (uint32_t)highest)
    offered = (uint32_t)highest;
  for (uint32_t i = desc->level_count; i > 0; --i) {
    const pleat_level_desc *candidate = &desc->levels[i - 1];
    if (candidate->level > offered)
      continue;
    /* Permission is for the whole process and for good: asked only when it will be used. */
    if (candidate->level == PLEAT_X86_64_V4_AMX && !pleat_rt_permit_amx())
      continue;
    *level = candidate;
    return PLEAT_STATUS_OK;
  }
  return pleat_rt_fail(error, PLEAT_STATUS_UNSUPPORTED_CPU,
                       "model '%s' needs at least %s, but %s is what may be used here", desc->name,
                       desc->level_count ? pleat_rt_level_name(desc->levels[0].level) : "one level",
                       pleat_rt_level_name(offered));
}
