/// Orders in which a weight's elements can be stored, and the packing into each. Plain
/// arrays; nothing here reads files.
#pragma once

#include "dialects/Pleat/Weights/ElementType.h"
#include "runtime/abi/pleat_abi.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>

namespace pleat {

/// The numbers are those of the weights file and of the dialect's Layout.
enum class WeightLayout : uint32_t {
  RowMajor = 0,  ///< as in the model
  Panel16 = 1,   ///< a [K, N] matrix as [ceil(N/16)][K][16]; columns beyond N are zero
  AmxBf16 = 2,   ///< as [ceil(N/32)][ceil(K/32)][2][16][32] in bf16: see packAmxBf16
  AmxBf16x3 = 3, ///< as [ceil(N/32)][ceil(K/32)][3][2][16][32], three parts: see packAmxBf16
};

/// The bf16 parts whose sum stands for an element; 0 where the layout keeps the type.
unsigned bf16Parts(WeightLayout layout);

/// The layout's name in manifests and messages: "panel16".
llvm::StringRef layoutName(WeightLayout layout);

/// Columns that one panel of the layout holds; 0 for row_major, which has none.
unsigned panelColumns(WeightLayout layout);

/// A weight as it will lie in the file.
struct StoredForm {
  pleat_type type;
  /// Matrices [K, N] that are packed one after another; 1 matrix for row_major.
  uint64_t matrices = 1, k = 1, n = 1;
  uint64_t bytes = 0;
};

/// The form that a tensor takes in `layout`. With `transposed` the last two axes change
/// places first. Fails if the layout does not apply: element type, rank or size.
llvm::Expected<StoredForm> storedForm(ElementType type, llvm::ArrayRef<int64_t> dims, WeightLayout layout,
                                      bool transposed);

/// Packs a row-major window of K rows and `columns` columns into ceil(columns/16) panels.
/// `to` holds panels * K * 16 elements of `elementBytes`.
void packPanel16(llvm::ArrayRef<uint8_t> window, uint64_t k, uint64_t columns, unsigned elementBytes,
                 llvm::MutableArrayRef<uint8_t> to);

/// How far packed elements are from what was packed, in sums over all of them.
struct PackError {
  double squaredError = 0, squaredNorm = 0;
  /// ||packed - packed from|| / ||packed from||, Frobenius; 0 for a matrix of zeros.
  double relative() const;
};

/// Packs a row-major window of f32 or, with elementBytes 2, bf16 into ceil(columns/32)
/// panels for AMX: element (r, c) of the K-block b of a panel goes to
/// [b][part][c / 16][r / 2][2 * (c % 16) + r % 2] for each of `parts` parts, 1 or 3. The first
/// part is the nearest bf16, ties to even, the next that of the remainder: three parts add
/// up to any f32 whose last digit is a bf16 (magnitudes from 2^-110 on). What lies beyond K
/// and `columns` is zero. Returns the error of the parts' sums.
PackError packAmxBf16(llvm::ArrayRef<uint8_t> window, uint64_t k, uint64_t columns, unsigned elementBytes,
                      unsigned parts, llvm::MutableArrayRef<uint8_t> to);

/// Writes the transpose of the row-major `rows` x `columns` matrix `from` to `to`.
void transposeElements(llvm::ArrayRef<uint8_t> from, uint64_t rows, uint64_t columns, unsigned elementBytes,
                       llvm::MutableArrayRef<uint8_t> to);

} // namespace pleat
