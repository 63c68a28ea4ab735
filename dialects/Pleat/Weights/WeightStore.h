/// The weight store: tensors by content, in mapped files, small buffers or a spill file.
///
///     WeightStore store;
///     auto file = MappedFile::open("model.onnx");
///     auto key = store.addMapped(*file, offset, ElementType::F32, {64, 172}, "l0.wq");
///     store.forEachWindow(*key, [&](uint64_t offset, ArrayRef<uint8_t> bytes) { ... });
///
/// Tensors equal in element type, shape and bytes are one entry. Nothing here holds a whole
/// large tensor in memory. All members may be called from several threads.
#pragma once

#include "dialects/Pleat/Weights/ElementType.h"
#include "dialects/Pleat/Weights/MappedFile.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pleat {

/// What the store knows about one entry.
struct WeightInfo {
  /// "b3:" and 32 hexadecimal digits: BLAKE3 over element type, shape and bytes.
  std::string key;
  ElementType type;
  llvm::SmallVector<int64_t, 4> dims;
  /// Size in storage, in bytes.
  uint64_t bytes;
  /// What models call it, in the order of addition, each once.
  std::vector<std::string> names;
};

class WeightStore {
public:
  /// Most bytes that one window of a streamed read holds.
  static constexpr uint64_t windowBytes = uint64_t(4) << 20;

  /// `spillDirectory` is where large tensors made by passes go; empty means the system's
  /// folder for temporary files. Nothing is created before it is needed.
  explicit WeightStore(llvm::StringRef spillDirectory = "");
  ~WeightStore();
  WeightStore(const WeightStore &) = delete;
  WeightStore &operator=(const WeightStore &) = delete;

  /// Adds the tensor that lies in `file` at `offset`, without copying it; the entry shares
  /// the mapping. Hashes it window by window and gives the pages back. Returns the key. It
  /// is an error if shape and type need more bytes than the file has.
  llvm::Expected<std::string> addMapped(std::shared_ptr<MappedFile> file, uint64_t offset, ElementType type,
                                        llvm::ArrayRef<int64_t> dims, llvm::StringRef name);

  /// Adds a copy of `bytes`, which must be as many as shape and type need. Returns the key.
  llvm::Expected<std::string> addBytes(llvm::ArrayRef<uint8_t> bytes, ElementType type,
                                       llvm::ArrayRef<int64_t> dims, llvm::StringRef name);

  /// Takes the next bytes of a tensor that is produced piece by piece.
  using Sink = llvm::function_ref<llvm::Error(llvm::ArrayRef<uint8_t>)>;

  /// Adds a tensor too large to hold: calls `produce` once, which gives all bytes in order
  /// to the sink. They go to the spill file. Returns the key; an error of `produce`, or a
  /// wrong number of bytes, leaves the store as it was.
  llvm::Expected<std::string> addStreamed(ElementType type, llvm::ArrayRef<int64_t> dims,
                                          llvm::StringRef name,
                                          llvm::function_ref<llvm::Error(Sink)> produce);

  /// The entry with that key; nullopt when there is none.
  std::optional<WeightInfo> lookup(llvm::StringRef key) const;

  /// All keys, in the order of addition.
  std::vector<std::string> keys() const;

  /// Fills `bytes` from byte `offset` of an entry. An unknown key or a range beyond the
  /// entry is an error. Pages read are given back.
  llvm::Error read(llvm::StringRef key, uint64_t offset, llvm::MutableArrayRef<uint8_t> bytes) const;

  /// Calls `visit` with each window of an entry in order: its offset and its bytes, borrowed
  /// for the call. Stops at the first error and returns it.
  llvm::Error
  forEachWindow(llvm::StringRef key,
                llvm::function_ref<llvm::Error(uint64_t offset, llvm::ArrayRef<uint8_t>)> visit) const;

  /// The key of the entry that is the transpose of matrix `key`; nullopt when there is none,
  /// when `key` is no matrix, or when its elements share bytes. A matrix equal to its own
  /// transpose answers itself. Reads the matrix only if an entry of that shape exists.
  llvm::Expected<std::optional<std::string>> findTransposeOf(llvm::StringRef key) const;

  /// Writes an index of all entries to `path` and the bytes of those that lie in no file of
  /// their own to `path`.data. Mapped entries go on living in their files.
  llvm::Error save(llvm::StringRef path) const;

  /// Opens what `save` has written. Paths in the index are relative to its folder. Sizes
  /// are checked; with `verify`, each entry's bytes are also compared with its key.
  static llvm::Expected<std::unique_ptr<WeightStore>> open(llvm::StringRef path, bool verify = false);

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace pleat
