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

/* A compression that has yet to happen: whether it is the root shows only at the end. */
typedef struct node {
  uint32_t chaining[8], message[16];
  uint64_t counter;
  uint32_t length, flags;
} node;

static uint32_t rotate(uint32_t x, int by) { return x >> by | x << (32 - by); }

/* Section 2.2: the quarter round. */
static void mix(uint32_t *v, int a, int b, int c, int d, uint32_t x, uint32_t y) {
  v[a] += v[b] + x;
  v[d] = rotate(v[d] ^ v[a], 16);
  v[c] += v[d];
  v[b] = rotate(v[b] ^ v[c], 12);
  v[a] += v[b] + y;
  v[d] = rotate(v[d] ^ v[a], 8);
  v[c] += v[d];
  v[b] = rotate(v[b] ^ v[c], 7);
}

/* Section 2.2: the compression function, of which only the first half of the output is ever
 * used here. */
static void compress(const node *in, uint32_t flags, uint32_t out[8]) {
  static const uint8_t permutation[16] = {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};
  uint32_t v[16], m[16], permuted[16];
  memcpy(v, in->chaining, sizeof in->chaining);
  memcpy(v + 8, initial, 4 * sizeof *v);
  v[12] = (uint32_t)in->counter;
  v[13] = (uint32_t)(in->counter >> 32);
  v[14] = in->length;
  v[15] = in->flags | flags;
  memcpy(m, in->message, sizeof m);
  for (int round = 0; round < 7; ++round) {
    mix(v, 0, 4, 8, 12, m[0], m[1]);
    mix(v, 1, 5, 9, 13, m[2], m[3]);
    mix(v, 2, 6, 10, 14, m[4], m[5]);
    mix(v, 3, 7, 11, 15, m[6], m[7]);
    mix(v, 0, 5, 10, 15, m[8], m[9]);
    mix(v, 1, 6, 11, 12, m[10], m[11]);
    mix(v, 2, 7, 8, 13, m[12], m[13]);
    mix(v, 3, 4, 9, 14, m[14], m[15]);
    for (int i = 0; i < 16; ++i)
      permuted[i] = m[permutation[i]];
    memcpy(m, permuted, sizeof m);
  }
  for (int i = 0; i < 8; ++i)
    out[i] = v[i] ^ v[i + 8];
}

/* Section 2.4: the last block of a chunk, the blocks before it compressed. */
static node chunk_node(const uint8_t *data, uint64_t bytes, uint64_t counter) {
  node at = {{0}, {0}, counter, BLOCK, CHUNK_START};
  memcpy(at.chaining, initial, sizeof initial);
  for (; bytes > BLOCK; data += BLOCK, bytes -= BLOCK) {
    memcpy(at.message, data, BLOCK);
    compress(&at, 0, at.chaining);
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

void pleat_rt_blake3(const void *data, uint64_t bytes, uint8_t hash[PLEAT_HASH_BYTES]) {
  uint32_t stack[DEPTH][8], chaining[8];
  int height = 0;
  const uint8_t *at = data;
  uint64_t chunks = 0;
  for (; bytes > CHUNK; at += CHUNK, bytes -= CHUNK) {
    node leaf = chunk_node(at, CHUNK, chunks++);
    compress(&leaf, 0, chaining);
    /* As many subtrees are complete now as the count of chunks has trailing zero bits. */
    for (uint64_t count = chunks; !(count & 1); count >>= 1) {
      node parent = parent_node(stack[--height], chaining);
      compress(&parent, 0, chaining);
    }
    memcpy(stack[height++], chaining, sizeof chaining);
  }
  node last = chunk_node(at, bytes, chunks);
  while (height) {
    compress(&last, 0, chaining);
    last = parent_node(stack[--height], chaining);
  }
  compress(&last, ROOT, chaining);
  memcpy(hash, chaining, PLEAT_HASH_BYTES); /* little-endian, as all our targets are */
}
