// The public header in C++17, repeated in two models' headers of one program.
#include "tiny.h"
#include "twin.h"

#include <cstring>
#include <type_traits>

static_assert(std::is_standard_layout<pleat_tensor>::value, "pleat_tensor is a C struct");
static_assert(sizeof(pleat_error) == 256 && sizeof(pleat_status) == 4, "sizes are part of the interface");

// Statuses keep their numbers; a new one adds a line here.
static_assert(PLEAT_STATUS_OK == 0 && PLEAT_STATUS_INVALID_ARGUMENT == 1 && PLEAT_STATUS_OUT_OF_MEMORY == 2 &&
                  PLEAT_STATUS_IO == 3 && PLEAT_STATUS_BAD_WEIGHTS == 4 &&
                  PLEAT_STATUS_VERSION_MISMATCH == 5 && PLEAT_STATUS_WRONG_BUILD == 6 &&
                  PLEAT_STATUS_HASH_MISMATCH == 7 && PLEAT_STATUS_UNSUPPORTED_CPU == 8 &&
                  PLEAT_STATUS_DIM_OUT_OF_RANGE == 9 && PLEAT_STATUS_SHAPE_MISMATCH == 10 &&
                  PLEAT_STATUS_ID_OUT_OF_RANGE == 11 && PLEAT_STATUS_TOO_LARGE == 12 &&
                  PLEAT_STATUS_STATE_FULL == 13 && PLEAT_STATUS_NO_THREADS == 14 &&
                  PLEAT_STATUS_UNSUPPORTED == 15,
              "a status never changes its number");

/// Loads and runs one model; 0 if it computes y = x W.
template <auto load, auto create, auto run, auto destroySession, auto destroyModel, typename Model,
          typename Session, typename Inputs, typename Outputs, typename Dims>
static int check() {
  const float x[3] = {1, 2, 3};
  float y[2] = {0, 0};
  pleat_load_options options;
  pleat_load_options_init(&options);
  options.weights_path = "tiny.weights";
  options.check_hashes = 1;
  Model *model = nullptr;
  Session *session = nullptr;
  const Inputs inputs = {x};
  const Outputs outputs = {y};
  const Dims dims = {1};
  int wrong = load(&options, &model, nullptr) || create(model, &dims, nullptr, &session, nullptr) ||
              run(session, &inputs, &outputs, &dims, nullptr) || y[0] != 4 || y[1] != 5;
  destroySession(session);
  destroyModel(model);
  return wrong;
}

int main() {
  if (std::strcmp(pleat_status_name(PLEAT_STATUS_IO), "IO") != 0 ||
      std::strcmp(pleat_status_name(static_cast<pleat_status>(99)), "UNKNOWN") != 0 ||
      std::strcmp(pleat_status_text(PLEAT_STATUS_OK), "done") != 0)
    return 1;
  return check<tiny_model_load, tiny_session_create, tiny_session_run, tiny_session_destroy,
               tiny_model_destroy, tiny_model, tiny_session, tiny_inputs, tiny_outputs, tiny_dims>() ||
         check<twin_model_load, twin_session_create, twin_session_run, twin_session_destroy,
               twin_model_destroy, twin_model, twin_session, twin_inputs, twin_outputs, twin_dims>();
}
