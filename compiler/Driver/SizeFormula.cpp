// A manifest is a file like any other: whatever it holds, this ends and does not overflow.
#include "compiler/Driver/SizeFormula.h"

#include "llvm/Support/MathExtras.h"

using namespace llvm;

static std::optional<int64_t> combine(StringRef operation, int64_t left, int64_t right) {
  int64_t result;
  if (operation == "+")
    return AddOverflow(left, right, result) ? std::nullopt : std::optional(result);
  if (operation == "*")
    return MulOverflow(left, right, result) ? std::nullopt : std::optional(result);
  if (right < 1)
    return std::nullopt;
  if (operation == "floordiv")
    return divideFloorSigned(left, right);
  if (operation == "ceildiv")
    return divideCeilSigned(left, right);
  if (operation == "mod")
    return mod(left, right);
  return std::nullopt;
}

std::optional<int64_t> pleat::evaluateFormula(const json::Value &formula, const StringMap<int64_t> &dims) {
  if (std::optional<int64_t> number = formula.getAsInteger())
    return number;
  if (std::optional<StringRef> name = formula.getAsString()) {
    auto found = dims.find(*name);
    return found == dims.end() ? std::nullopt : std::optional(found->second);
  }
  const json::Array *parts = formula.getAsArray();
  if (!parts || parts->size() != 3)
    return std::nullopt;
  std::optional<StringRef> operation = (*parts)[0].getAsString();
  std::optional<int64_t> left = evaluateFormula((*parts)[1], dims),
                         right = evaluateFormula((*parts)[2], dims);
  if (!operation || !left || !right)
    return std::nullopt;
  return combine(*operation, *left, *right);
}
