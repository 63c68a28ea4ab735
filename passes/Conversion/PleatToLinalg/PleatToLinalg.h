/// `--convert-pleat-to-linalg`: the reference meaning of pleat ops.
#pragma once

#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"

namespace pleat {

#define GEN_PASS_DECL
#include "passes/Conversion/PleatToLinalg/PleatToLinalg.h.inc"

/// The patterns of the pass, by family of ops.
void populateWeightToLinalg(mlir::RewritePatternSet &patterns);
void populateNormToLinalg(mlir::RewritePatternSet &patterns);
void populateAttentionToLinalg(mlir::RewritePatternSet &patterns);
void populateConvToLinalg(mlir::RewritePatternSet &patterns);
void populateStructureToLinalg(mlir::RewritePatternSet &patterns);

#define GEN_PASS_REGISTRATION
#include "passes/Conversion/PleatToLinalg/PleatToLinalg.h.inc"

} // namespace pleat
