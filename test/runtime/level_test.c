/* Levels from feature words, among them those of processors that this machine is not. */
#include "runtime/src/core/level.h"

#include "runtime/src/core/platform.h"
#include "test/runtime/check.h"
#include "test/runtime/probe.h"

/* What a Sapphire Rapids server under Linux reports: all levels. */
static const pleat_cpu_words full = {0x7ffafbff, 0xf1bfbfeb, 0xffd81432, 0x00000121, 0x602e7};

static uint32_t level(pleat_cpu_words words) { return pleat_rt_cpu_level(&words); }

static void all_features_are_the_highest_level(void) { CHECK(level(full) == PLEAT_X86_64_V4_AMX); }

static void every_missing_feature_lowers_the_level(void) {
  static const struct {
    int word, bit;
    uint32_t level;
  } missing[] = {
      {0, 0, 0},  {0, 9, 0},  {0, 12, 0}, {0, 13, 0}, {0, 19, 0}, {0, 20, 0}, {0, 22, 0}, {0, 23, 0},
      {0, 27, 0}, {0, 28, 0}, {0, 29, 0}, {1, 3, 0},  {1, 5, 0},  {1, 8, 0},  {3, 5, 0},  {1, 16, 1},
      {1, 17, 1}, {1, 28, 1}, {1, 30, 1}, {1, 31, 1}, {2, 22, 2}, {2, 24, 2},
  };
  for (size_t i = 0; i < sizeof missing / sizeof *missing; ++i) {
    pleat_cpu_words words = full;
    uint32_t *word[] = {&words.leaf1_ecx, &words.leaf7_ebx, &words.leaf7_edx, &words.extended_ecx};
    *word[missing[i].word] &= ~(1u << missing[i].bit);
    CHECK(level(words) == missing[i].level);
  }
}

static void the_system_must_save_the_registers(void) {
  static const struct {
    int bit;
    uint32_t level;
  } unsaved[] = {{1, 0}, {2, 0}, {5, 1}, {6, 1}, {7, 1}, {17, 2}, {18, 2}};
  for (size_t i = 0; i < sizeof unsaved / sizeof *unsaved; ++i) {
    pleat_cpu_words words = full;
    words.xcr0 &= ~(1ull << unsaved[i].bit);
    CHECK(level(words) == unsaved[i].level);
  }
}

static pleat_model_desc with_levels(const pleat_level_desc *levels, uint32_t count) {
  pleat_model_desc desc = probe_descriptor();
  desc.levels = levels;
  desc.level_count = count;
  return desc;
}

static void the_last_usable_level_is_taken(void) {
  static const pleat_level_desc levels[] = {
      {0, NULL}, {PLEAT_X86_64_V3, NULL}, {PLEAT_X86_64_V4, NULL}, {PLEAT_X86_64_V4_AMX, NULL}, {99, NULL}};
  pleat_model_desc desc = with_levels(levels, 5);
  const pleat_level_desc *chosen = NULL;
  pleat_cpu_words words = pleat_rt_cpu_words();
  uint32_t here = pleat_rt_cpu_level(&words);
  CHECK_OK(pleat_rt_choose_level(&desc, 0, &chosen, NULL));
  CHECK(chosen == &levels[here] || (here == PLEAT_X86_64_V4_AMX && chosen == &levels[2]));
}

static void a_limit_lowers_the_level(void) {
  static const pleat_level_desc levels[] = {{0, NULL}, {PLEAT_X86_64_V3, NULL}, {PLEAT_X86_64_V4, NULL}};
  pleat_model_desc desc = with_levels(levels, 3);
  const pleat_level_desc *chosen = NULL;
  pleat_cpu_words words = pleat_rt_cpu_words();
  CHECK_OK(pleat_rt_choose_level(&desc, PLEAT_X86_64_V3, &chosen, NULL));
  CHECK(chosen == &levels[pleat_rt_cpu_level(&words) ? 1 : 0]);
}

static void no_usable_level_is_an_error(void) {
  static const pleat_level_desc levels[] = {{PLEAT_X86_64_V4, NULL}};
  pleat_model_desc desc = with_levels(levels, 1), none = with_levels(levels, 0);
  const pleat_level_desc *chosen = NULL;
  pleat_error error;
  pleat_cpu_words words = pleat_rt_cpu_words();
  if (pleat_rt_cpu_level(&words) >= PLEAT_X86_64_V3)
    CHECK_FAILS(UNSUPPORTED_CPU,
                "model 'probe' needs at least x86-64-v4, but x86-64-v3 is what may be used here", error,
                pleat_rt_choose_level(&desc, PLEAT_X86_64_V3, &chosen, &error));
  check_status(__FILE__, __LINE__, "a model without levels", PLEAT_STATUS_UNSUPPORTED_CPU,
               pleat_rt_choose_level(&none, 0, &chosen, NULL));
  CHECK(chosen == NULL);
}

int main(void) {
  RUN_TEST(all_features_are_the_highest_level);
  RUN_TEST(every_missing_feature_lowers_the_level);
  RUN_TEST(the_system_must_save_the_registers);
  RUN_TEST(the_last_usable_level_is_taken);
  RUN_TEST(a_limit_lowers_the_level);
  RUN_TEST(no_usable_level_is_an_error);
  return TEST_RESULT();
}
