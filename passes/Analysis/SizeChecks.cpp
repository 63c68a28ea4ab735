// Reads the texts of `pleat.dim_equal` back into expressions.
#include "passes/Analysis/SizeChecks.h"

using namespace mlir;
using namespace pleat;

namespace {

/// Reads texts as expressions over dimensions, and collects the extremes they contain.
class CheckReader {
public:
  CheckReader(MLIRContext *context, const SizeExprs &sizes, SizeChecks &result)
      : context(context), sizes(sizes), algebra(sizes.algebra()), result(result) {}

  /// Null when `text` is no expression.
  AffineExpr read(StringRef text) {
    AffineExpr expr = algebra.parsePrinted(text);
    if (!expr)
      return {};
    for (const SizeSymbol &symbol : algebra.symbols().drop_front(replacements.size()))
      replacements.push_back(symbol.kind == SizeSymbol::Argument ? *sizes.symbol(symbol.name)
                                                                 : addExtreme(symbol));
    return expr.replaceSymbols(replacements);
  }

private:
  AffineExpr addExtreme(const SizeSymbol &symbol) {
    result.extremes.push_back({symbol.kind == SizeSymbol::Minimum, symbol.first.replaceSymbols(replacements),
                               symbol.second.replaceSymbols(replacements)});
    return getAffineSymbolExpr(sizes.dims().size() + result.extremes.size() - 1, context);
  }

  MLIRContext *context;
  const SizeExprs &sizes;
  SizeAlgebra algebra;
  SizeChecks &result;
  /// What each symbol of the algebra is.
  SmallVector<AffineExpr> replacements;
};

} // namespace

FailureOr<SizeChecks> pleat::findSizeChecks(func::FuncOp function, const SizeExprs &sizes,
                                            std::string &unread) {
  SizeChecks result;
  auto equal = function->getAttrOfType<ArrayAttr>("pleat.dim_equal");
  if (!equal)
    return result;
  CheckReader reader(function.getContext(), sizes, result);
  for (auto pair : equal.getAsRange<ArrayAttr>()) {
    SizeCheck check;
    check.firstText = cast<StringAttr>(pair[0]).str();
    check.secondText = cast<StringAttr>(pair[1]).str();
    check.first = reader.read(check.firstText);
    check.second = reader.read(check.secondText);
    if (!check.first || !check.second) {
      unread = check.first ? check.secondText : check.firstText;
      return failure();
    }
    if (check.first != check.second)
      result.checks.push_back(std::move(check));
  }
  return result;
}
