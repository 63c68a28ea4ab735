// Ops that choose: the greatest elements, positions, scattered updates.
#include "passes/Conversion/ONNXToPleat/Lowering.h"
#include "passes/Conversion/ONNXToPleat/OpTable.h"

using namespace mlir;
using namespace pleat;

ArrayRef<SupportedOp> pleat::supportedSelections() {
  return {};
}
