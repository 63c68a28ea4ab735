/// The two libraries a model ships as, made from its object.
#pragma once

#include "compiler/Target/CompileModule.h"

namespace pleat {

/// Writes the static library: an archive whose one member is the object, without times or
/// owners. A failure is a FileError.
llvm::Error writeArchive(const ObjectFile &object, llvm::StringRef modelName, llvm::StringRef path);

/// Links the shared library lib<modelName>.so at `path`. It shows what the object exports,
/// and needs the C and maths libraries that this compiler runs on, if it uses them. A file
/// that cannot be written is a FileError; anything else that the linker says is an internal
/// error.
llvm::Error linkShared(const ObjectFile &object, llvm::StringRef modelName, llvm::StringRef path);

} // namespace pleat
