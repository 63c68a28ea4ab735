// Rows travel with the IR as an attribute, so that every stage shows them.
#include "passes/Utils/Ledger.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace pleat;

void pleat::addWeightChange(ModuleOp module, const WeightChange &row) {
  Builder builder(module.getContext());
  SmallVector<Attribute> rows;
  if (auto known = module->getAttrOfType<ArrayAttr>(PleatDialect::getLedgerAttrName()))
    llvm::append_range(rows, known);
  auto integer = [&](int64_t value) { return builder.getI64IntegerAttr(value); };
  rows.push_back(builder.getDictionaryAttr({
      builder.getNamedAttr("pass", builder.getStringAttr(row.pass)),
      builder.getNamedAttr("weight", builder.getStringAttr(row.weight)),
      builder.getNamedAttr("class", builder.getStringAttr(row.kind)),
      builder.getNamedAttr("bytes_before", integer(row.bytesBefore)),
      builder.getNamedAttr("bytes_after", integer(row.bytesAfter)),
      builder.getNamedAttr("flops_before", integer(row.flopsBefore)),
      builder.getNamedAttr("flops_after", integer(row.flopsAfter)),
      builder.getNamedAttr("weight_error", builder.getF64FloatAttr(row.weightError)),
  }));
  module->setAttr(PleatDialect::getLedgerAttrName(), builder.getArrayAttr(rows));
}
