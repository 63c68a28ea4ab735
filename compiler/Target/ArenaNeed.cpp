// Reads the slots that PlanMemory left as data.
#include "compiler/Target/ArenaNeed.h"

#include "compiler/Target/SizeText.h"
#include "passes/Analysis/SizeExprs.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace pleat;

static constexpr int64_t alignment = 64;

static SmallVector<AffineMap> slotsOf(ModuleOp module) {
  SmallVector<AffineMap> slots;
  if (auto arena = module->getAttrOfType<ArrayAttr>("pleat.arena"))
    for (auto slot : arena.getAsValueRange<AffineMapAttr>())
      slots.push_back(slot);
  return slots;
}

std::optional<int64_t> pleat::arenaBytesAt(ModuleOp module, ArrayRef<int64_t> dims) {
  int64_t total = 0;
  for (AffineMap slot : slotsOf(module)) {
    int64_t largest = 0;
    for (AffineExpr size : slot.getResults()) {
      std::optional<int64_t> bytes = evaluateSize(size, dims);
      if (!bytes)
        return std::nullopt;
      largest = std::max(largest, *bytes);
    }
    if (llvm::AddOverflow(total, static_cast<int64_t>(llvm::alignTo(largest, alignment)), total))
      return std::nullopt;
  }
  return total;
}

std::string pleat::arenaText(ModuleOp module, const ModelInterface &interface) {
  SmallVector<std::string> dims;
  for (const DimSpec &dim : interface.dims)
    dims.push_back(dim.name);
  std::string text;
  for (AffineMap slot : slotsOf(module)) {
    std::string sizes;
    for (AffineExpr size : slot.getResults())
      sizes += (sizes.empty() ? "" : ", ") + sizeText(size, dims);
    if (slot.getNumResults() > 1)
      sizes = "max(" + sizes + ")";
    text += (text.empty() ? "" : " + ") + ("align64(" + sizes + ")");
  }
  return text.empty() ? "0" : text;
}
