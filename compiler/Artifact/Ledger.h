/// What was done to each weight, and what it cost: rows that passes write, and the account
/// of the weights file's bytes.
#pragma once

#include "compiler/Artifact/WeightsFile.h"
#include <optional>
#include <string>
#include <vector>

namespace pleat {

/// What a step may change.
enum class LedgerClass {
  Exact,         ///< no bit of any result
  Reassociating, ///< the order of sums: rounding
  Lossy,         ///< values
};

/// One step on one weight, or one part of the weights file.
struct LedgerRow {
  /// The pass's flag without its prefix; "pack" for rows of the weights file.
  std::string pass;
  /// The weight's name in the model; "header", "table" or "padding" for parts of the file.
  std::string weight;
  LedgerClass kind = LedgerClass::Exact;
  uint64_t bytesBefore = 0, bytesAfter = 0;
  uint64_t flopsBefore = 0, flopsAfter = 0;
  /// Relative L2 error of the weight, and of what is computed with it on calibration data;
  /// nullopt: not measured.
  std::optional<double> weightError, outputError;
};

/// "exact", "reassociating", "lossy".
llvm::StringRef ledgerClassName(LedgerClass kind);

/// The rows of pass "pack": one an entry of the plan, from its bytes in the model to its
/// bytes in the file, then header, table and padding. Their bytesAfter sum up to the file's
/// size. Rounding to bf16 is lossy, and so are three parts of bf16 that miss a digit; where
/// they do not, products on tile registers sum in another order. Other packing is exact.
/// `written` is the plan's file.
std::vector<LedgerRow> packRows(const WeightsPlan &plan, const WrittenWeights &written);

} // namespace pleat
