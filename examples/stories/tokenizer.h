/* Text to token numbers and back, for tok512.bin: an int32 with the longest token's length,
 * then for each token a float32 score, an int32 length and its bytes. */
#ifndef STORIES_TOKENIZER_H
#define STORIES_TOKENIZER_H

#include <stdint.h>

enum { TOKENIZER_SIZE = 512, TOKEN_BEGIN = 1, TOKEN_END = 2, TOKEN_FIRST_BYTE = 3 };

typedef struct tokenizer {
  float scores[TOKENIZER_SIZE];
  char *texts[TOKENIZER_SIZE]; /* owned, each with a zero byte at its end */
} tokenizer;

/* Reads `path`. 0 when done, -1 when the file cannot be read or is damaged; either way
 * tokenizer_free may follow. */
int tokenizer_read(tokenizer *t, const char *path);
void tokenizer_free(tokenizer *t);

/* Tokens of `text`, TOKEN_BEGIN first: at most `capacity`, the rest is cut off. Returns how
 * many were written to `tokens`. */
int tokenizer_encode(const tokenizer *t, const char *text, int64_t *tokens, int capacity);

/* The text that `token` adds behind `previous`; borrowed until the next call with the same
 * `byte` (two chars of room for tokens that stand for one raw byte). */
const char *tokenizer_decode(const tokenizer *t, int64_t previous, int64_t token, char byte[2]);

#endif
