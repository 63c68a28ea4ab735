/* BLAKE3 as its specification (O'Connor, Aumasson, Neves, Wilcox-O'Hearn, 2020) defines the
 * hash mode, for data that lies in memory as a whole: chunks of 1024 bytes are the leaves of
 * a binary tree whose left subtrees are complete. Section numbers are the paper's. */
#include "runtime/src/core/checksum.h"

#include <string.h>

enum {
  BLOCK = 64,
  CHUNK = 1024,
  DEPTH = 54 /* 2^54 chunks cover 2^64 bytes */
};

/* Table 3: domain flags. */
enum { CHUNK_START = 1, CHUNK_END = 2, PARENT = 4, ROOT = 8 };

static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/* Four compressions side by side: chunks are independent until they meet in the tree. Where
 * only one is due the other lanes repeat it, which is rare enough not to need code of its
 * own. */
enum { LANES = 4 };
typedef uint32_t lanes __attribute__((vector_size(4 * LANES)));

static lanes all(uint32_t x) { return (lanes){x, x, x, x}; }

static lanes rotate(lanes x, int by) { return x >> by | x << (32 - by); }

/* Section 2.2: the quarter round. */
static inline __attribute__((always_inline)) void mix(lanes *v, int a, int b, int c, int d, lanes x,
                                                      lanes y) {
  v[a] += v[b] + x;
  v[d] = rotate(v[d] ^ v[a], 16);
  v[c] += v[d];
  v[b] = rotate(v[b] ^ v[c], 12);
  v[a] += v[b] + y;
  v[d] = rotate(v[d] ^ v[a], 8);
  v[c] += v[d];
  v[b] = rotate(v[b] ^ v[c], 7);
}

/* Section 2.2: the compression function. Replaces the chaining value by the first half of
 * the output; the second half serves longer hashes than ours. `counter` is lane 0's, the
 * others count on. */
static __attribute__((noinline)) void compress(lanes chaining[8], const lanes message[16], uint64_t counter,
                                               uint32_t length, uint32_t flags) {
  /* Row r: which message words round r mixes, the permutation of table 2 applied r times. */
  static const uint8_t schedule[7][16] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
                                          {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8},
                                          {3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1},
                                          {10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6},
                                          {12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4},
                                          {9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7},
                                          {11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13}};
  lanes v[16];
  memcpy(v, chaining, 8 * sizeof *v);
  for (int i = 0; i < 4; ++i)
    v[8 + i] = all(initial[i]);
  for (int lane = 0; lane < LANES; ++lane) {
    v[12][lane] = (uint32_t)(counter + (uint64_t)lane);
    v[13][lane] = (uint32_t)((counter + (uint64_t)lane) >> 32);
  }
  v[14] = all(length);
  v[15] = all(flags);
  for (int round = 0; round < 7; ++round) {
    const uint8_t *word = schedule[round];
    mix(v, 0, 4, 8, 12, message[word[0]], message[word[1]]);
    mix(v, 1, 5, 9, 13, message[word[2]], message[word[3]]);
    mix(v, 2, 6, 10, 14, message[word[4]], message[word[5]]);
    mix(v, 3, 7, 11, 15, message[word[6]], message[word[7]]);
    mix(v, 0, 5, 10, 15, message[word[8]], message[word[9]]);
    mix(v, 1, 6, 11, 12, message[word[10]], message[word[11]]);
    mix(v, 2, 7, 8, 13, message[word[12]], message[word[13]]);
    mix(v, 3, 4, 9, 14, message[word[14]], message[word[15]]);
  }
  for (int i = 0; i < 8; ++i)
    chaining[i] = v[i] ^ v[i + 8];
}

/* A compression that has yet to happen: whether it is the root shows only at the end. */
typedef struct node {
  uint32_t chaining[8], message[16];
  uint64_t counter;
  uint32_t length, flags;
} node;

static __attribute__((noinline)) void compress_node(const node *in, uint32_t flags, uint32_t out[8]) {
  lanes chaining[8], message[16];
  for (int i = 0; i < 8; ++i)
    chaining[i] = all(in->chaining[i]);
  for (int i = 0; i < 16; ++i)
    message[i] = all(in->message[i]);
  compress(chaining, message, in->counter, in->length, in->flags | flags);
  for (int i = 0; i < 8; ++i)
    out[i] = chaining[i][0];
}

/* Section 2.4: the chaining values of four whole chunks that do not end the data. */
static void compress_chunks(const uint8_t *data, uint64_t counter, uint32_t out[LANES][8]) {
  lanes chaining[8], message[16];
  for (int i = 0; i < 8; ++i)
    chaining[i] = all(initial[i]);
  for (int at = 0; at < CHUNK; at += BLOCK) {
    for (int i = 0; i < 16; ++i)
      for (int lane = 0; lane < LANES; ++lane) {
        uint32_t word;
        memcpy(&word, data + lane * CHUNK + at + 4 * i, sizeof word);
        message[i][lane] = word;
      }
    compress(chaining, message, counter, BLOCK,
             (at == 0 ? CHUNK_START : 0) | (at == CHUNK - BLOCK ? CHUNK_END : 0));
  }
  for (int lane = 0; lane < LANES; ++lane)
    for (int i = 0; i < 8; ++i)
      out[lane][i] = chaining[i][lane];
}

/* Section 2.4: the last block of a chunk, the blocks before it compressed. */
static node chunk_node(const uint8_t *data, uint64_t bytes, uint64_t counter) {
  node at = {{0}, {0}, counter, BLOCK, CHUNK_START};
  memcpy(at.chaining, initial, sizeof initial);
  for (; bytes > BLOCK; data += BLOCK, bytes -= BLOCK) {
    memcpy(at.message, data, BLOCK);
    compress_node(&at, 0, at.chaining);
    at.flags = 0;
  }
  memset(at.message, 0, BLOCK);
  if (bytes)
    memcpy(at.message, data, bytes);
  at.length = (uint32_t)bytes;
  at.flags |= CHUNK_END;
  return at;
}

/* Section 2.5. */
static node parent_node(const uint32_t left[8], const uint32_t right[8]) {
  node at = {{0}, {0}, 0, BLOCK, PARENT};
  memcpy(at.chaining, initial, sizeof initial);
  memcpy(at.message, left, 8 * sizeof *left);
  memcpy(at.message + 8, right, 8 * sizeof *right);
  return at;
}

/* The complete subtrees of the chunks so far, the largest first. */
typedef struct tree {
  uint32_t stack[DEPTH][8];
  int height;
  uint64_t chunks;
} tree;

static void add_chunk(tree *to, uint32_t chaining[8]) {
  /* As many subtrees are complete now as the count of chunks has trailing zero bits. */
  for (uint64_t count = ++to->chunks; !(count & 1); count >>= 1) {
    node parent = parent_node(to->stack[--to->height], chaining);
    compress_node(&parent, 0, chaining);
  }
  memcpy(to->stack[to->height++], chaining, 8 * sizeof *chaining);
}

void pleat_rt_blake3(const void *data, uint64_t bytes, uint8_t hash[PLEAT_HASH_BYTES]) {
  const uint8_t *at = data;
  uint32_t chaining[8], four[LANES][8];
  tree done;
  done.height = 0;
  done.chunks = 0;
  for (; bytes > LANES * CHUNK; at += LANES * CHUNK, bytes -= LANES * CHUNK) {
    compress_chunks(at, done.chunks, four);
    for (int lane = 0; lane < LANES; ++lane)
      add_chunk(&done, four[lane]);
  }
  for (; bytes > CHUNK; at += CHUNK, bytes -= CHUNK) {
    node leaf = chunk_node(at, CHUNK, done.chunks);
    compress_node(&leaf, 0, chaining);
    add_chunk(&done, chaining);
  }
  node last = chunk_node(at, bytes, done.chunks);
  while (done.height) {
    compress_node(&last, 0, chaining);
    last = parent_node(done.stack[--done.height], chaining);
  }
  compress_node(&last, ROOT, chaining);
  memcpy(hash, chaining, PLEAT_HASH_BYTES); /* little-endian, as all our targets are */
}
