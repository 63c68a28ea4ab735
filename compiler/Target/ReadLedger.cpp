// From the attribute that travels with the IR to plain rows.
#include "compiler/Target/ReadLedger.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;
using namespace pleat;

std::vector<LedgerRow> pleat::readLedger(ModuleOp module) {
  std::vector<LedgerRow> rows;
  auto entries = module->getAttrOfType<ArrayAttr>(PleatDialect::getLedgerAttrName());
  if (!entries)
    return rows;
  for (auto entry : entries.getAsRange<DictionaryAttr>()) {
    auto text = [&](StringRef key) { return entry.getAs<StringAttr>(key).str(); };
    auto integer = [&](StringRef key) {
      return static_cast<uint64_t>(entry.getAs<IntegerAttr>(key).getInt());
    };
    LedgerRow row;
    row.pass = text("pass");
    row.weight = text("weight");
    std::string kind = text("class");
    row.kind = kind == "lossy"           ? LedgerClass::Lossy
               : kind == "reassociating" ? LedgerClass::Reassociating
                                         : LedgerClass::Exact;
    row.bytesBefore = integer("bytes_before");
    row.bytesAfter = integer("bytes_after");
    row.flopsBefore = integer("flops_before");
    row.flopsAfter = integer("flops_after");
    row.weightError = entry.getAs<FloatAttr>("weight_error").getValueAsDouble();
    rows.push_back(std::move(row));
  }
  return rows;
}
