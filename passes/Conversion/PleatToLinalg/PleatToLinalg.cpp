// The pass; each family of ops has its patterns in a file of its own.
#include "passes/Conversion/PleatToLinalg/PleatToLinalg.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace pleat {
#define GEN_PASS_DEF_PLEATTOLINALG
#include "passes/Conversion/PleatToLinalg/PleatToLinalg.h.inc"
} // namespace pleat

namespace {

struct Family {
  StringLiteral name;
  void (*populate)(RewritePatternSet &patterns);
};

constexpr Family families[] = {{"weight", pleat::populateWeightToLinalg},
                               {"norm", pleat::populateNormToLinalg},
                               {"attention", pleat::populateAttentionToLinalg},
                               {"conv", pleat::populateConvToLinalg},
                               {"structure", pleat::populateStructureToLinalg}};

struct PleatToLinalg : pleat::impl::PleatToLinalgBase<PleatToLinalg> {
  using PleatToLinalgBase::PleatToLinalgBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    for (const std::string &name : only)
      if (llvm::none_of(families, [&](const Family &family) { return family.name == name; })) {
        emitError(getOperation()->getLoc()) << "convert-pleat-to-linalg: unknown family '" << name
                                            << "'; known: weight, norm, attention, conv, structure";
        return signalPassFailure();
      }
    for (const Family &family : families)
      if (only.empty() || llvm::is_contained(only, family.name))
        family.populate(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
