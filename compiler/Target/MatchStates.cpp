// Reads patterns of states, and expands them over the model's names.
#include "compiler/Target/MatchStates.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Optimization/KeepStates/KeepStates.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"
#include <optional>

using namespace mlir;
using namespace pleat;

llvm::Expected<StatePattern> pleat::parseStatePattern(StringRef text) {
  auto [input, output] = text.split('=');
  if (input.empty() || output.empty())
    return llvm::createStringError("--state expects IN=OUT, but got '%s'", text.str().c_str());
  if (input.count('*') != output.count('*'))
    return llvm::createStringError("--state expects IN and OUT with the same number of *, but got '%s'",
                                   text.str().c_str());
  return StatePattern{input.str(), output.str()};
}

/// What the stars of `pattern` stand for in `name`; nullopt if it does not match.
static std::optional<SmallVector<StringRef>> starsOf(StringRef pattern, StringRef name) {
  auto [head, tail] = pattern.split('*');
  if (!name.consume_front(head))
    return std::nullopt;
  if (head.size() == pattern.size())
    return name.empty() ? std::optional(SmallVector<StringRef>()) : std::nullopt;
  for (size_t length = 0; length <= name.size(); ++length)
    if (auto rest = starsOf(tail, name.drop_front(length))) {
      rest->insert(rest->begin(), name.take_front(length));
      return rest;
    }
  return std::nullopt;
}

static std::string fillStars(StringRef pattern, ArrayRef<StringRef> stars) {
  std::string text;
  for (char c : pattern) {
    if (c != '*') {
      text += c;
      continue;
    }
    text += stars.front();
    stars = stars.drop_front();
  }
  return text;
}

static std::vector<std::string> namesOf(ArrayAttr attributes, size_t count) {
  std::vector<std::string> names(count);
  for (size_t i = 0; attributes && i < count; ++i)
    if (auto name = cast<DictionaryAttr>(attributes[i]).getAs<StringAttr>(PleatDialect::getNameAttrName()))
      names[i] = name.str();
  return names;
}

namespace {

class StateMatcher {
public:
  explicit StateMatcher(func::FuncOp main)
      : main(main), inputs(namesOf(main.getArgAttrsAttr(), main.getNumArguments())),
        outputs(namesOf(main.getResAttrsAttr(), main.getNumResults())) {}

  llvm::Error add(const StatePattern &pattern) {
    bool any = false;
    for (const std::string &input : inputs)
      if (auto stars = starsOf(pattern.input, input)) {
        any = true;
        if (llvm::Error error = addPair(input, fillStars(pattern.output, *stars)))
          return error;
      }
    return any ? llvm::Error::success() : unknown("input", pattern.input, inputs);
  }

  ArrayAttr pairs() { return Builder(main.getContext()).getArrayAttr(found); }

private:
  llvm::Error addPair(const std::string &input, const std::string &output) {
    if (!llvm::is_contained(outputs, output))
      return unknown("output", output, outputs);
    if (!taken.insert("in:" + input).second || !taken.insert("out:" + output).second)
      return llvm::createStringError("--state %s=%s: input or output is part of another state", input.c_str(),
                                     output.c_str());
    found.push_back(Builder(main.getContext()).getStrArrayAttr({input, output}));
    return llvm::Error::success();
  }

  static llvm::Error unknown(const char *kind, const std::string &name, ArrayRef<std::string> known) {
    return llvm::createStringError("--state: the model has no %s '%s'; it has %s", kind, name.c_str(),
                                   llvm::join(known, ", ").c_str());
  }

  func::FuncOp main;
  std::vector<std::string> inputs, outputs;
  llvm::StringSet<> taken;
  SmallVector<Attribute> found;
};

} // namespace

llvm::Error pleat::matchStates(ModuleOp module, ArrayRef<StatePattern> patterns) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main)
    return llvm::createStringError("the module has no function 'main'");
  StateMatcher matcher(main);
  for (const StatePattern &pattern : patterns)
    if (llvm::Error error = matcher.add(pattern))
      return error;
  main->setAttr(kStatePairsAttrName, matcher.pairs());
  return llvm::Error::success();
}
