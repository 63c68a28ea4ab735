/* Decides how numbers and names get into error texts without the C library's formatting,
 * which a freestanding host lacks and which would cost more code than the whole core. */
#include "runtime/src/core/fail.h"

#include <stdarg.h>

typedef struct sink {
  char *at, *last; /* last: where the closing zero goes at the latest */
} sink;

static void put(sink *out, char c) {
  if (out->at < out->last)
    *out->at++ = c;
}

static void put_text(sink *out, const char *text) {
  for (; *text; ++text)
    put(out, *text);
}

static void put_number(sink *out, uint64_t value) {
  char digits[20];
  int count = 0;
  do
    digits[count++] = (char)('0' + value % 10);
  while (value /= 10);
  while (count)
    put(out, digits[--count]);
}

static void print(char *text, size_t bytes, const char *format, va_list values) {
  sink out = {text, text + bytes - 1};
  for (; *format; ++format) {
    if (*format != '%') {
      put(&out, *format);
      continue;
    }
    /* Every length modifier means 64 bits here: PRId64 is the only one the callers use. */
    while (*++format == 'l')
      ;
    if (*format == 's') {
      put_text(&out, va_arg(values, const char *));
    } else if (*format == 'd') {
      int64_t value = va_arg(values, int64_t);
      if (value < 0)
        put(&out, '-');
      put_number(&out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
    } else if (*format == 'u') {
      put_number(&out, va_arg(values, uint64_t));
    } else {
      put(&out, *format);
    }
  }
  *out.at = 0;
}

void pleat_rt_print(char *out, size_t bytes, const char *format, ...) {
  va_list values;
  va_start(values, format);
  print(out, bytes, format, values);
  va_end(values);
}

pleat_status pleat_rt_fail(pleat_error *error, pleat_status status, const char *format, ...) {
  if (error) {
    va_list values;
    va_start(values, format);
    print(error->text, sizeof error->text, format, values);
    va_end(values);
    error->code = status;
  }
  return status;
}
