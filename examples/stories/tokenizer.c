/* Byte-pair encoding: start from single characters, join the neighbours whose union has the
 * best score until none is a token. */
#include "tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int read_token(FILE *file, float *score, char **text) {
  int32_t length;
  if (fread(score, sizeof *score, 1, file) != 1 || fread(&length, sizeof length, 1, file) != 1 ||
      length < 0 || length > 4096)
    return -1;
  *text = calloc((size_t)length + 1, 1);
  return *text && fread(*text, 1, (size_t)length, file) == (size_t)length ? 0 : -1;
}

int tokenizer_read(tokenizer *t, const char *path) {
  memset(t, 0, sizeof *t);
  FILE *file = fopen(path, "rb");
  if (!file)
    return -1;
  int32_t longest;
  int status = fread(&longest, sizeof longest, 1, file) == 1 ? 0 : -1;
  for (int i = 0; i < TOKENIZER_SIZE && status == 0; ++i)
    status = read_token(file, &t->scores[i], &t->texts[i]);
  fclose(file);
  return status;
}

void tokenizer_free(tokenizer *t) {
  for (int i = 0; i < TOKENIZER_SIZE; ++i)
    free(t->texts[i]);
}

/* The token whose text is `head` followed by `tail`, or -1. */
static int find_joined(const tokenizer *t, const char *head, const char *tail) {
  size_t length = strlen(head);
  for (int i = 0; i < TOKENIZER_SIZE; ++i)
    if (strncmp(t->texts[i], head, length) == 0 && strcmp(t->texts[i] + length, tail) == 0)
      return i;
  return -1;
}

/* Tokens of single characters; a character that is none becomes its bytes. */
static int encode_characters(const tokenizer *t, const char *text, int64_t *tokens, int capacity) {
  int count = 0;
  while (*text && count < capacity) {
    char character[5] = {*text};
    int length = 1; /* bytes of this UTF-8 character: continuation bytes are 10xxxxxx */
    while (length < 4 && ((unsigned char)text[length] & 0xC0) == 0x80) {
      character[length] = text[length];
      ++length;
    }
    int token = find_joined(t, character, "");
    if (token >= 0)
      tokens[count++] = token;
    else
      for (int i = 0; i < length && count < capacity; ++i)
        tokens[count++] = (unsigned char)text[i] + TOKEN_FIRST_BYTE;
    text += length;
  }
  return count;
}

int tokenizer_encode(const tokenizer *t, const char *text, int64_t *tokens, int capacity) {
  int count = 0;
  if (capacity > 0)
    tokens[count++] = TOKEN_BEGIN;
  if (*text && count < capacity) /* the model was trained on text that starts with a space */
    tokens[count++] = find_joined(t, " ", "");
  count += encode_characters(t, text, tokens + count, capacity - count);
  for (;;) {
    int best = -1, at = -1;
    for (int i = 1; i + 1 < count; ++i) {
      int joined = find_joined(t, t->texts[tokens[i]], t->texts[tokens[i + 1]]);
      if (joined >= 0 && (best < 0 || t->scores[joined] > t->scores[best])) {
        best = joined;
        at = i;
      }
    }
    if (best < 0)
      return count;
    tokens[at] = best;
    memmove(&tokens[at + 1], &tokens[at + 2], (size_t)(count - at - 2) * sizeof *tokens);
    --count;
  }
}

const char *tokenizer_decode(const tokenizer *t, int64_t previous, int64_t token, char byte[2]) {
  if (token < 0 || token >= TOKENIZER_SIZE)
    return "";
  const char *text = t->texts[token];
  unsigned value;
  if (sscanf(text, "<0x%02X>", &value) == 1) {
    byte[0] = (char)value;
    byte[1] = 0;
    return byte;
  }
  return previous == TOKEN_BEGIN && text[0] == ' ' ? text + 1 : text;
}
