// Patterns are compiled once; a target remembers whether it was of use.
#include "passes/Utils/Selector.h"

using namespace pleat;

bool Selector::Pattern::matches(llvm::StringRef name) const {
  return regex ? regex->match(name) : glob->match(name);
}

llvm::Expected<Selector::Pattern> Selector::compile(llvm::StringRef text) {
  Pattern pattern;
  pattern.text = std::make_shared<const std::string>(text.str());
  llvm::StringRef expression = text;
  if (expression.consume_front("re:")) {
    pattern.regex = std::make_shared<llvm::Regex>(expression);
    std::string why;
    if (!pattern.regex->isValid(why))
      return llvm::createStringError("selector \"%s\" is no regular expression: %s", pattern.text->c_str(),
                                     why.c_str());
    return pattern;
  }
  llvm::Expected<llvm::GlobPattern> glob = llvm::GlobPattern::create(*pattern.text);
  if (!glob)
    return llvm::createStringError("selector \"%s\" is no glob: %s", pattern.text->c_str(),
                                   llvm::toString(glob.takeError()).c_str());
  pattern.glob = std::make_shared<llvm::GlobPattern>(std::move(*glob));
  return pattern;
}

llvm::Expected<Selector> Selector::create(llvm::ArrayRef<std::string> targets,
                                          llvm::ArrayRef<std::string> ignore) {
  Selector selector;
  for (auto [texts, patterns] : {std::pair(targets, &selector.targets), std::pair(ignore, &selector.ignored)})
    for (const std::string &text : texts) {
      llvm::Expected<Pattern> pattern = compile(text);
      if (!pattern)
        return pattern.takeError();
      patterns->push_back(std::move(*pattern));
    }
  return selector;
}

bool Selector::selects(llvm::ArrayRef<std::string> names) const {
  auto matchesAny = [&](const Pattern &pattern) {
    return llvm::any_of(names, [&](const std::string &name) { return pattern.matches(name); });
  };
  bool selected = targets.empty();
  for (const Pattern &pattern : targets)
    if (matchesAny(pattern))
      selected = pattern.used = true;
  return selected && llvm::none_of(ignored, matchesAny);
}

std::vector<std::string> Selector::unmatched() const {
  std::vector<std::string> texts;
  for (const Pattern &pattern : targets)
    if (!pattern.used)
      texts.push_back(*pattern.text);
  return texts;
}
