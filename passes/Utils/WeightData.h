/// The numbers behind `pleat.weight`: reading f32 weights, and making new ones.
#pragma once

#include "dialects/Pleat/IR/PleatDialect.h"
#include "mlir/IR/Builders.h"
#include "llvm/Support/Error.h"
#include <vector>

namespace pleat {

/// All elements of an f32 weight, row-major. One whole tensor in memory: callers hold one
/// at a time. Fails when the weight is no f32 tensor, names a store that is not open, or
/// cannot be read.
llvm::Expected<std::vector<float>> readWeight(WeightOp weight);

/// A new f32 weight: a literal if it is small, else an entry of the context's store.
llvm::Expected<WeightOp> makeWeight(mlir::OpBuilder &builder, mlir::Location loc, llvm::ArrayRef<float> data,
                                    llvm::ArrayRef<int64_t> shape, llvm::StringRef name);

} // namespace pleat
