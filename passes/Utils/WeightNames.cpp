// Exporters keep names in different places; a selector may mean any of them.
#include "passes/Utils/WeightNames.h"

using namespace mlir;

std::vector<std::string> pleat::weightNames(WeightOp weight) {
  std::vector<std::string> names;
  if (auto attr = weight.getNamesAttr())
    for (auto name : attr.getAsRange<StringAttr>())
      names.push_back(name.str());
  for (Operation *user : weight->getUsers())
    user->getLoc()->walk([&](Location location) { // a product with its bias has two names
      if (auto name = dyn_cast<NameLoc>(location))
        names.push_back(name.getName().str());
      return WalkResult::advance();
    });
  return names;
}
