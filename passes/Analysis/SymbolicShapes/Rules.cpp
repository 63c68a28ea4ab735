// What the shape rules share: inputs by position, broadcasting, and the wording of failures.
#include "passes/Analysis/SymbolicShapes/Rules.h"

using namespace mlir;
using namespace pleat;

std::optional<Sizes> NodeShapes::contents(unsigned index) {
  Value value = node.input(index);
  return value ? shapes.contents(value) : std::nullopt;
}

std::optional<SmallVector<int64_t>> NodeShapes::constants(unsigned index) {
  Value value = node.input(index);
  return value ? shapes.constants(value) : std::nullopt;
}

FailureOr<std::optional<SmallVector<int64_t>>> NodeShapes::intsFrom(StringRef name, unsigned index) {
  if (std::optional<SmallVector<int64_t>> values = node.intsAttr(name))
    return values;
  if (!has(index))
    return std::optional<SmallVector<int64_t>>();
  if (std::optional<SmallVector<int64_t>> values = constants(index))
    return values;
  return fail("expects input '" + name + "' to be known at compile time");
}

FailureOr<int64_t> NodeShapes::axis(int64_t axis, int64_t rank) {
  int64_t result = axis < 0 ? axis + rank : axis;
  if (result < 0 || result >= rank)
    return fail("expects an axis within rank " + Twine(rank) + ", but got " + Twine(axis));
  return result;
}

void NodeShapes::setSizes(unsigned index, Sizes sizes) {
  if (index < node.getNumResults())
    shapes.setSizes(node.getResult(index), std::move(sizes));
}

void NodeShapes::setContents(unsigned index, Sizes contents) {
  if (index < node.getNumResults() && contents.size() <= SymbolicShapes::maxContents)
    shapes.setContents(node.getResult(index), std::move(contents));
}

LogicalResult NodeShapes::equate(AffineExpr a, AffineExpr b) {
  if (algebra().equate(a, b))
    return success();
  return fail("expects equal sizes, but got " + algebra().print(a) + " and " + algebra().print(b));
}

LogicalResult NodeShapes::requireAtLeast(AffineExpr size, int64_t least) {
  AffineExpr bound = constant(least);
  if (algebra().requireAtLeast(size, least) || algebra().equate(algebra().max(size, bound), size))
    return success();
  return fail("expects a size of at least " + Twine(least) + ", but got " + algebra().print(size));
}

FailureOr<AffineExpr> NodeShapes::broadcast(AffineExpr a, AffineExpr b) {
  // Only a size that is 1 in every run broadcasts; two symbols have to be equal.
  if (algebra().constantValue(a) == 1)
    return b;
  if (algebra().constantValue(b) == 1)
    return a;
  if (failed(equate(a, b)))
    return failure();
  return algebra().canonical(a);
}

FailureOr<Sizes> NodeShapes::broadcast(ArrayRef<AffineExpr> a, ArrayRef<AffineExpr> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  Sizes result(a);
  size_t offset = a.size() - b.size();
  for (auto [index, size] : llvm::enumerate(b)) {
    FailureOr<AffineExpr> merged = broadcast(a[offset + index], size);
    if (failed(merged))
      return failure();
    result[offset + index] = *merged;
  }
  return result;
}

LogicalResult NodeShapes::fail(const Twine &what) {
  reason = what.str();
  return failure();
}
