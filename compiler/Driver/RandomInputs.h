/// Inputs drawn from a seed, valid for the model.
#pragma once

#include "compiler/Driver/ModelShapes.h"

namespace pleat {

/// Draws all inputs of a model at the given sizes: floats from the normal distribution,
/// integers that index a table from its rows, bytes from all bytes, other integers and bools
/// from {0, 1} (they are masks and types of tokens). Same seed, same inputs; what one input
/// gets does not depend on the others. Fails as allocateTensors does, and with InputInvalid
/// for an index into a table without rows.
llvm::Expected<std::vector<HostTensor>> drawInputs(const pleat_model_desc &model, const DimValues &dims,
                                                   uint64_t seed);

} // namespace pleat
