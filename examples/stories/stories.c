/* Tells a story with a language model that Pleat compiled to libstories.a.
 *
 *   stories [-w stories.weights] [-v tok512.bin] [-n TOKENS] [-t TEMPERATURE] [-s SEED] [PROMPT]
 *
 * The model takes tokens and, for each of its 5 layers, the keys and values of all earlier
 * tokens. They are states: the session keeps them, and each run adds the new ones in place.
 * Temperature 0, the default, takes the likeliest token each time. */
#define _POSIX_C_SOURCE 200112L

#include "stories.h"
#include "tokenizer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CONTEXT = 512, VOCABULARY = TOKENIZER_SIZE };

typedef struct options {
  const char *weights, *vocabulary, *prompt;
  int tokens;
  double temperature;
  unsigned long long seed;
} options;

static float logits[CONTEXT * VOCABULARY];

/* Runs `count` tokens behind the `past` ones that the session has seen. */
static pleat_status step(stories_session *session, const int64_t *tokens, int64_t count, int64_t past,
                         pleat_error *error) {
  int64_t positions[CONTEXT];
  for (int64_t i = 0; i < count; ++i)
    positions[i] = past + i;
  stories_inputs in = {0};
  stories_outputs out = {0};
  stories_dims dims = {0};
  in.input_ids = tokens;
  in.position_ids = positions;
  out.logits = logits;
  dims.B = 1;
  dims.T = count;
  return stories_session_run(session, &in, &out, &dims, error);
}

/* A number in [0, 1) (xorshift64*, Vigna 2016). */
static double draw(unsigned long long *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return (double)((*state * 2685821657736338717ull) >> 11) / 9007199254740992.0;
}

/* The next token: the likeliest, or one drawn from softmax(row / temperature). */
static int64_t choose(const float *row, double temperature, unsigned long long *state) {
  int best = 0;
  for (int i = 1; i < VOCABULARY; ++i)
    if (row[i] > row[best])
      best = i;
  if (temperature <= 0)
    return best;
  double weight[VOCABULARY], sum = 0;
  for (int i = 0; i < VOCABULARY; ++i)
    sum += weight[i] = exp((row[i] - row[best]) / temperature);
  double left = draw(state) * sum;
  for (int i = 0; i < VOCABULARY; ++i)
    if ((left -= weight[i]) < 0)
      return i;
  return best;
}

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static pleat_status tell(stories_session *session, const tokenizer *words, const options *o,
                         pleat_error *error) {
  int64_t tokens[CONTEXT];
  int64_t count = tokenizer_encode(words, o->prompt, tokens, CONTEXT), past = 0;
  unsigned long long state = o->seed ? o->seed : 1;
  char byte[2];
  for (int64_t i = 1; i < count; ++i)
    fputs(tokenizer_decode(words, tokens[i - 1], tokens[i], byte), stdout);

  int told = 0;
  double start = seconds();
  while (told < o->tokens && past + count <= CONTEXT) {
    pleat_status status = step(session, tokens, count, past, error);
    if (status != PLEAT_STATUS_OK)
      return status;
    past += count;
    int64_t previous = tokens[count - 1];
    tokens[0] = choose(&logits[(count - 1) * VOCABULARY], o->temperature, &state);
    count = 1;
    if (tokens[0] == TOKEN_BEGIN || tokens[0] == TOKEN_END)
      break;
    fputs(tokenizer_decode(words, previous, tokens[0], byte), stdout);
    fflush(stdout);
    ++told;
  }
  fprintf(stderr, "\n%d tokens, %.0f tokens per second\n", told, told / (seconds() - start));
  return PLEAT_STATUS_OK;
}

static pleat_status run(const tokenizer *words, const options *o, pleat_error *error) {
  stories_model *model = NULL;
  stories_session *session = NULL;
  pleat_load_options load;
  pleat_load_options_init(&load);
  load.weights_path = o->weights;
  pleat_status status = stories_model_load(&load, &model, error);
  if (status == PLEAT_STATUS_OK)
    status = stories_session_create(model, NULL, NULL, &session, error);
  if (status == PLEAT_STATUS_OK)
    status = tell(session, words, o, error);
  stories_session_destroy(session);
  stories_model_destroy(model);
  return status;
}

int main(int argc, char **argv) {
  options o = {"stories.weights", "tok512.bin", "", 200, 0, 1};
  for (int letter; (letter = getopt(argc, argv, "w:v:n:t:s:")) != -1;) {
    switch (letter) {
    case 'w':
      o.weights = optarg;
      break;
    case 'v':
      o.vocabulary = optarg;
      break;
    case 'n':
      o.tokens = atoi(optarg);
      break;
    case 't':
      o.temperature = atof(optarg);
      break;
    case 's':
      o.seed = strtoull(optarg, NULL, 10);
      break;
    default:
      fprintf(stderr,
              "usage: %s [-w WEIGHTS] [-v VOCABULARY] [-n TOKENS] [-t TEMPERATURE] [-s SEED] [PROMPT]\n",
              argv[0]);
      return 1;
    }
  }
  if (optind < argc)
    o.prompt = argv[optind];

  static tokenizer words;
  pleat_error error = {PLEAT_STATUS_OK, ""};
  pleat_status status = PLEAT_STATUS_IO;
  if (tokenizer_read(&words, o.vocabulary) != 0)
    fprintf(stderr, "cannot read %s\n", o.vocabulary);
  else if ((status = run(&words, &o, &error)) != PLEAT_STATUS_OK)
    fprintf(stderr, "%s: %s\n", pleat_status_name(status), error.text);
  tokenizer_free(&words);
  return status != PLEAT_STATUS_OK;
}
