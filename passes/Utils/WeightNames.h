/// The names by which users select a weight.
#pragma once

#include "dialects/Pleat/IR/PleatDialect.h"
#include <string>
#include <vector>

namespace pleat {

/// What the model calls `weight`, and the ONNX nodes that multiply with it.
std::vector<std::string> weightNames(WeightOp weight);

} // namespace pleat
