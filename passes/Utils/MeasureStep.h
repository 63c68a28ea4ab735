/// Results that a module has only while the error of a compression step is measured.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace pleat {

/// What is computed with a weight before and after a step.
struct StepOutputs {
  mlir::Value exact, changed;
};

/// The names of two results of `@main` for row `row` of the ledger: the sums of squares of what
/// the step changes in the outputs, and of the outputs.
std::string differenceName(size_t row);
std::string wholeName(size_t row);

/// Adds both results to `main`, each a single f32, summed over all of `outputs`, which are f32.
void addStepResults(mlir::func::FuncOp main, size_t row, llvm::ArrayRef<StepOutputs> outputs);

} // namespace pleat
