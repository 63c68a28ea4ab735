/// JSON for people: the objects that verbs print with --json, as text.
#pragma once

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

namespace pleat {

/// Prints an object's members: single values as "key: value" first, then lists of objects as
/// tables with a column for each key, lists of values on one line, objects indented. The order is
/// that of kinds and then of names, with `name`, `type`, `shape` first in tables.
void printTables(llvm::raw_ostream &stream, const llvm::json::Object &object, unsigned indent = 0);

} // namespace pleat
