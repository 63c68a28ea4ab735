/// NAME.h: the typed C interface of one model, complete in one file.
#pragma once

#include "compiler/Artifact/ModelInterface.h"

namespace pleat {

/// The header's text: C99 and C++17. It begins with a program that loads the model and runs
/// it once, repeats runtime/include/pleat/pleat.h, and declares what the library exports.
/// `embedded` says that the weights are in the library; `weightsFile` names them otherwise
/// and is empty if there are none.
std::string headerText(const ModelInterface &interface, bool embedded, llvm::StringRef weightsFile);

/// `text` as it may stand inside a C comment: names in models are any bytes.
std::string commentText(llvm::StringRef text);

} // namespace pleat
