// How much of a weight is in memory at once: some panels, as a window of columns.
#include "compiler/Artifact/PackWeight.h"

#include "llvm/Support/MathExtras.h"
#include <vector>

using namespace llvm;
using namespace pleat;

namespace {

class Packer {
public:
  Packer(const WeightStore &store, const WeightInfo &info, const StoredForm &form, WeightLayout layout,
         bool transposed)
      : store(store), info(info), form(form), layout(layout), transposed(transposed),
        elementBytes(storageBits(info.type) / 8) {}

  const PackError &error() const { return total; }

  Error pack(WeightStore::Sink sink, uint64_t windowBytes) {
    if (form.bytes == 0)
      return Error::success();
    uint64_t panel = panelColumns(layout);
    uint64_t fitting = windowBytes / (form.k * elementBytes);
    uint64_t step = std::max(panel, alignDown(std::min(fitting, alignTo(form.n, panel)), panel));
    for (uint64_t matrix = 0; matrix < form.matrices; ++matrix)
      for (uint64_t first = 0; first < form.n; first += step) {
        uint64_t columns = std::min(step, form.n - first);
        if (Error error = readColumns(matrix, first, columns))
          return error;
        if (Error error = sink(packWindow(columns)))
          return error;
      }
    return Error::success();
  }

private:
  Error read(uint64_t element, MutableArrayRef<uint8_t> to) {
    return store.read(info.key, element * elementBytes, to);
  }

  /// Fills `window` with columns of one [K, N] matrix, row-major.
  Error readColumns(uint64_t matrix, uint64_t first, uint64_t columns) {
    uint64_t start = matrix * form.k * form.n, rowBytes = columns * elementBytes;
    window.resize(form.k * rowBytes);
    if (transposed) {
      // Stored as [N, K]: the columns wanted are rows that lie together.
      rows.resize(window.size());
      if (Error error = read(start + first * form.k, rows))
        return error;
      transposeElements(rows, columns, form.k, elementBytes, window);
      return Error::success();
    }
    if (columns == form.n)
      return read(start, window);
    for (uint64_t row = 0; row < form.k; ++row)
      if (Error error = read(start + row * form.n + first,
                             MutableArrayRef<uint8_t>(window).slice(row * rowBytes, rowBytes)))
        return error;
    return Error::success();
  }

  ArrayRef<uint8_t> packWindow(uint64_t columns) {
    if (unsigned parts = bf16Parts(layout)) {
      packed.resize(alignTo(form.k, 32) * alignTo(columns, 32) * 2 * parts);
      PackError error = packAmxBf16(window, form.k, columns, elementBytes, parts, packed);
      total.squaredError += error.squaredError;
      total.squaredNorm += error.squaredNorm;
    } else {
      packed.resize(form.k * alignTo(columns, 16) * elementBytes);
      packPanel16(window, form.k, columns, elementBytes, packed);
    }
    return packed;
  }

  const WeightStore &store;
  const WeightInfo &info;
  const StoredForm &form;
  WeightLayout layout;
  bool transposed;
  unsigned elementBytes;
  std::vector<uint8_t> rows, window, packed;
  PackError total;
};

} // namespace

Expected<PackError> pleat::packWeight(const WeightStore &store, StringRef key, WeightLayout layout,
                                      bool transposed, WeightStore::Sink sink, uint64_t windowBytes) {
  std::optional<WeightInfo> info = store.lookup(key);
  if (!info)
    return createStringError("the weight store has no entry '" + key + "'");
  Expected<StoredForm> form = storedForm(info->type, info->dims, layout, transposed);
  if (!form)
    return form.takeError();
  if (layout == WeightLayout::RowMajor) {
    if (Error error =
            store.forEachWindow(key, [&](uint64_t, ArrayRef<uint8_t> bytes) { return sink(bytes); }))
      return std::move(error);
    return PackError();
  }
  Packer packer(store, *info, *form, layout, transposed);
  if (Error error = packer.pack(sink, windowBytes))
    return std::move(error);
  return packer.error();
}
