/* Two threads run a session each of one model: `two_threads STACK.weights [shared]`. With
 * `shared` both write the same output, a race that only instrumented kernels can show. */
#include "stack.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { TOKENS = 8, WIDTH = 32, SIZE = TOKENS * WIDTH, RUNS = 20 };

typedef struct worker {
  const stack_model *model;
  const float *x;
  float *y;
  pleat_status status;
} worker;

static void *work(void *argument) {
  worker *self = argument;
  pleat_session_options options;
  pleat_session_options_init(&options);
  options.threads = 2;
  stack_session *session = NULL;
  self->status = stack_session_create(self->model, NULL, &options, &session, NULL);
  stack_inputs in = {0};
  stack_outputs out = {0};
  in.x = self->x;
  out.y = self->y;
  for (int run = 0; run < RUNS && self->status == PLEAT_STATUS_OK; ++run)
    self->status = stack_session_run(session, &in, &out, NULL, NULL);
  stack_session_destroy(session);
  return NULL;
}

int main(int argc, char **argv) {
  static float x[SIZE], y[2][SIZE];
  for (int i = 0; i < SIZE; ++i)
    x[i] = (float)(i % 7) - 3;
  int shared = argc > 2 && strcmp(argv[2], "shared") == 0;
  pleat_load_options load;
  pleat_load_options_init(&load);
  load.weights_path = argv[1];
  stack_model *model = NULL;
  pleat_error error = {PLEAT_STATUS_OK, ""};
  if (stack_model_load(&load, &model, &error) != PLEAT_STATUS_OK) {
    fprintf(stderr, "%s\n", error.text);
    return 1;
  }
  worker workers[2];
  pthread_t threads[2];
  for (int i = 0; i < 2; ++i) {
    workers[i] = (worker){model, x, y[shared ? 0 : i], PLEAT_STATUS_OK};
    pthread_create(&threads[i], NULL, work, &workers[i]);
  }
  for (int i = 0; i < 2; ++i)
    pthread_join(threads[i], NULL);
  stack_model_destroy(model);
  if (workers[0].status != PLEAT_STATUS_OK || workers[1].status != PLEAT_STATUS_OK)
    return 1;
  if (!shared && memcmp(y[0], y[1], sizeof y[0]) != 0) {
    fprintf(stderr, "two sessions differ\n");
    return 1;
  }
  puts("done");
  return 0;
}
