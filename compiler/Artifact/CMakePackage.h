/// NAMEConfig.cmake: the artefact as CMake targets.
#pragma once

#include "llvm/ADT/StringRef.h"
#include <string>

namespace pleat {

/// Text of a package that defines NAME::NAME (shared) and NAME::NAME_static, both with the
/// header's folder, and the variable NAME_WEIGHTS, the weights file's path; `weightsFile` is
/// empty if there is none. Everything is found beside the package file itself.
std::string cmakePackageText(llvm::StringRef name, llvm::StringRef weightsFile);

} // namespace pleat
