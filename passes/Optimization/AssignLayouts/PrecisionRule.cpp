// Bytes and rows decide; the figures are those of the decision record on precision.
#include "passes/Optimization/AssignLayouts/PrecisionRule.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace pleat;

// A weight below this is in the nearest cache whatever its type.
static constexpr int64_t kSmallBytes = 4096;
// From here on three times two tile products are faster than f32 products of vectors.
static constexpr int64_t kSplitRows = 128;

/// What `linear` says itself, if it does.
static std::optional<Precision> askedBy(LinearOp linear) {
  auto name = linear->getAttrOfType<StringAttr>(PleatDialect::getPrecisionAttrName());
  return name ? symbolizePrecision(name.getValue()) : std::nullopt;
}

/// Rows of activations that a run multiplies; nullopt where they vary.
static std::optional<int64_t> rowsOf(LinearOp linear) {
  auto type = cast<RankedTensorType>(linear.getX().getType());
  int64_t rows = 1;
  for (int64_t size : type.getShape().drop_back()) {
    if (ShapedType::isDynamic(size))
      return std::nullopt;
    rows *= size;
  }
  return rows;
}

static std::string bf16Refusal(RankedTensorType type, bool transposed) {
  int64_t depth = type.getDimSize(transposed ? 1 : 0), columns = type.getDimSize(transposed ? 0 : 1);
  int64_t plain = depth * llvm::alignTo(columns, 16) * 4;
  int64_t pairs = llvm::alignTo(depth, 32) * llvm::alignTo(columns, 32) * 2;
  if (plain < kSmallBytes)
    return "its " + std::to_string(plain) + " bytes are too few to matter";
  if (pairs >= plain)
    return "padded to multiples of 32 it would take " + std::to_string(pairs) + " bytes instead of " +
           std::to_string(plain);
  return "";
}

static std::string splitRefusal(ArrayRef<LinearOp> linears, bool tileProducts) {
  if (!tileProducts)
    return "no level has tile products";
  for (LinearOp linear : linears) {
    std::optional<int64_t> rows = rowsOf(linear);
    if (!rows)
      return "it is multiplied with a number of rows that varies";
    if (*rows < kSplitRows)
      return "it is multiplied with " + std::to_string(*rows) + " rows, fewer than " +
             std::to_string(kSplitRows);
  }
  return "";
}

PrecisionChoice pleat::choosePrecision(WeightOp weight, ArrayRef<LinearOp> linears, bool transposed,
                                       Precision standard, bool tileProducts) {
  // Cases of Precision stand from the most precise to the least.
  std::optional<Precision> wanted;
  bool isAsked = true;
  for (LinearOp linear : linears) {
    std::optional<Precision> asked = askedBy(linear);
    isAsked &= asked.has_value();
    wanted = std::min(wanted.value_or(Precision::BF16), asked.value_or(standard));
  }
  auto type = cast<RankedTensorType>(weight.getType());
  switch (wanted.value_or(Precision::F32)) {
  case Precision::F32:
    return {};
  case Precision::F32Split: {
    std::string refusal = isAsked ? "" : splitRefusal(linears, tileProducts);
    return refusal.empty() ? PrecisionChoice{Layout::AmxBf16x3, ""}
                           : PrecisionChoice{Layout::Panel16, refusal};
  }
  case Precision::BF16: {
    std::string refusal = isAsked ? "" : bf16Refusal(type, transposed);
    return refusal.empty() ? PrecisionChoice{Layout::AmxBf16, ""} : PrecisionChoice{Layout::Panel16, refusal};
  }
  }
  llvm_unreachable("every precision has a layout");
}
