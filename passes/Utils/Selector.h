/// Which weights a compression pass works on, by the names a model gives them.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/GlobPattern.h"
#include "llvm/Support/Regex.h"
#include <memory>
#include <string>
#include <vector>

namespace pleat {

/// Patterns over names: globs, or regular expressions after "re:".
class Selector {
public:
  /// Fails with the pattern's text when one is malformed.
  static llvm::Expected<Selector> create(llvm::ArrayRef<std::string> targets,
                                         llvm::ArrayRef<std::string> ignore);

  /// Whether something known by `names` is selected: a target matches one of them (or
  /// there are no targets), and no ignored pattern does.
  bool selects(llvm::ArrayRef<std::string> names) const;

  /// Targets that matched nothing in any call of `selects`.
  std::vector<std::string> unmatched() const;

private:
  struct Pattern {
    std::shared_ptr<const std::string> text; ///< shared: the glob refers to its characters
    std::shared_ptr<llvm::Regex> regex;
    std::shared_ptr<llvm::GlobPattern> glob;
    mutable bool used = false;
    bool matches(llvm::StringRef name) const;
  };
  static llvm::Expected<Pattern> compile(llvm::StringRef text);

  std::vector<Pattern> targets, ignored;
};

} // namespace pleat
