/// What the compiler carries along to put into artefacts: the runtime and the public header.
#pragma once

#include <string_view>

namespace pleat {

/// LLVM bitcode of the whole runtime for baseline x86-64. It exports pleat_entry_* and leaves
/// pleat_entry_descriptor and the C library's functions undefined; see runtime/src/core/entry.c.
std::string_view runtimeBitcode();

/// The text of runtime/include/pleat/pleat.h, which every model's header repeats verbatim.
std::string_view publicHeaderText();

} // namespace pleat
