/* The least a C test needs: checks that report and count, and a main made of tests. */
#ifndef PLEAT_TEST_CHECK_H
#define PLEAT_TEST_CHECK_H

#include <stdio.h>
#include <string.h>

#include "runtime/include/pleat/pleat.h"

static int check_failures;

#define CHECK(condition)                                                                                     \
  do {                                                                                                       \
    if (!(condition)) {                                                                                      \
      ++check_failures;                                                                                      \
      printf("%s:%d: expects %s\n", __FILE__, __LINE__, #condition);                                         \
    }                                                                                                        \
  } while (0)

#define CHECK_OK(call) check_status(__FILE__, __LINE__, #call, PLEAT_STATUS_OK, (call))

/* `call` fails with PLEAT_STATUS_<name>, and `error`, which it was given, says exactly `text`. */
#define CHECK_FAILS(name, expected_text, error, call)                                                        \
  do {                                                                                                       \
    memset((error).text, 'x', sizeof(error).text - 1);                                                       \
    check_status(__FILE__, __LINE__, #call, PLEAT_STATUS_##name, (call));                                    \
    if (strcmp((error).text, expected_text) != 0 || (error).code != PLEAT_STATUS_##name) {                   \
      ++check_failures;                                                                                      \
      printf("%s:%d: expects '%s'\n  but got '%s'\n", __FILE__, __LINE__, expected_text, (error).text);      \
    }                                                                                                        \
  } while (0)

static inline void check_status(const char *file, int line, const char *call, pleat_status expected,
                                pleat_status found) {
  if (found == expected)
    return;
  ++check_failures;
  printf("%s:%d: expects %s of %s, but got %s\n", file, line, pleat_status_name(expected), call,
         pleat_status_name(found));
}

#define RUN_TEST(name)                                                                                       \
  do {                                                                                                       \
    int before = check_failures;                                                                             \
    name();                                                                                                  \
    printf("%s %s\n", check_failures == before ? "ok  " : "FAIL", #name);                                    \
  } while (0)

#define TEST_RESULT() (check_failures != 0)

#endif
