// Every byte of the weights file has a row.
#include "compiler/Artifact/Ledger.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace pleat;

StringRef pleat::ledgerClassName(LedgerClass kind) {
  switch (kind) {
  case LedgerClass::Exact:
    return "exact";
  case LedgerClass::Reassociating:
    return "reassociating";
  case LedgerClass::Lossy:
    return "lossy";
  }
  return "unknown";
}

static LedgerRow packRow(std::string weight, uint64_t before, uint64_t after) {
  LedgerRow row;
  row.pass = "pack";
  row.weight = std::move(weight);
  row.bytesBefore = before;
  row.bytesAfter = after;
  return row;
}

std::vector<LedgerRow> pleat::packRows(const WeightsPlan &plan, const WrittenWeights &written) {
  std::vector<LedgerRow> rows;
  for (auto [entry, error] : zip_equal(plan.list(), written.errors)) {
    const WeightInfo &source = entry.source;
    rows.push_back(
        packRow(source.names.empty() ? source.key : source.names.front(), source.bytes, entry.form.bytes));
    if (unsigned parts = bf16Parts(entry.layout); parts && source.type != ElementType::BF16) {
      rows.back().kind = parts == 1 || error > 0 ? LedgerClass::Lossy : LedgerClass::Reassociating;
      rows.back().weightError = error;
    }
  }
  if (plan.size() == 0)
    return rows;
  WeightsAccount account = plan.account();
  rows.push_back(packRow("header", 0, account.header));
  rows.push_back(packRow("table", 0, account.table));
  rows.push_back(packRow("padding", 0, account.padding));
  return rows;
}
