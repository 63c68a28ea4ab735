/// The manifest's certificate: how far an artefact is from the uncompressed model.
#pragma once

#include "compiler/Driver/LoadedModel.h"
#include "compiler/Driver/ModelShapes.h"
#include "llvm/Support/JSON.h"

namespace pleat {

/// The sizes at which `model` is measured on `data`, inputs as `--inputs` names them: small ones
/// within the bounds for random inputs, and none for others, which have their own.
NamedDims sizesFor(const pleat_model_desc &model, llvm::StringRef data);

/// Runs the artefact beside an f32 build of `model` without a recipe, for the level the
/// runtime chooses here, on the inputs that `data` names as `--inputs` does: random ones are
/// of small sizes, and no data is random:0. Keys: measured, against, level, inputs (without a
/// folder), dims, rel_l2 (the largest), allowed_rel_l2, outputs. What cannot be run here, for
/// whatever reason, gives {"measured": false, "reason": ...}. allowed_rel_l2 is at least `rounding`.
llvm::json::Object measureCertificate(const ArtifactFiles &files, llvm::StringRef model, llvm::StringRef data,
                                      double rounding);

/// The certificate of an artefact that is its model, whose own nodes round to floats whose
/// neighbours are `rounding` apart; 0 if they do not. The order and precision of what is
/// between two roundings is free, so that two builds may differ by one.
llvm::json::Object plainCertificate(double rounding);

/// The relative L2 error that each output of an artefact may have by its manifest: four
/// times the measured one, as other inputs and levels differ. nullopt where that is no more
/// than f32 has, or where nothing has been measured.
std::optional<double> allowedError(const llvm::json::Object &manifest);

} // namespace pleat
