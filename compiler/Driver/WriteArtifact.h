/// Writes everything a compiled model ships as.
#pragma once

#include "compiler/Driver/Compilation.h"

namespace pleat {

/// Compiles the lowered module to machine code and writes header, libraries, weights,
/// manifest and CMake package to the output folder: all of them, or nothing. Says on stderr
/// what went wrong.
ExitCode writeArtifact(Compilation &compilation, const CompileOptions &options);

} // namespace pleat
