// Registers every pass; the list is made from the pleat_pass lines of CMake.
#include "passes/AllPasses.h"

#include "passes/AllPasses.inc"

void pleat::registerAllPleatPasses() {
#define PLEAT_REGISTER(name) register##name();
  PLEAT_ALL_PASSES
#undef PLEAT_REGISTER
}
