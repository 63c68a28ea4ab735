/* What the compiler adds to the entry points of the runtime. */
#include "runtime/abi/pleat_abi.h"

extern const pleat_model_desc tiny_descriptor;

__attribute__((visibility("default"))) const pleat_model_desc *tiny_describe(void) {
  return &tiny_descriptor;
}
