/// Gathers that read a packed table, so that a tied embedding is stored once.
#pragma once

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Analysis/SizeExprs.h"
#include "passes/Utils/SizeValues.h"

namespace pleat {

/// Replaces `gather`, whose [V, D] table is stored as its packed transpose (see `table`'s
/// layout), by one that finds each element in the packed table. Fails, and reports, where
/// the result's sizes are unknown.
llvm::LogicalResult gatherFromPacked(GatherOp gather, WeightOp table, SizeExprs &sizes, SizeValues &values);

} // namespace pleat
