/// NAME.json: what an artefact is, for tools and auditors. docs/manifest.md explains the keys.
#pragma once

#include "compiler/Artifact/Ledger.h"
#include "compiler/Artifact/ModelInterface.h"
#include "llvm/Support/JSON.h"

namespace pleat {

/// A file of the artefact, other than the manifest.
struct FileRecord {
  std::string name; ///< without a folder
  uint64_t bytes = 0;
  std::string hash; ///< BLAKE3 in hexadecimal digits
};

struct Manifest {
  /// Version of the compiler, and the LLVM in it.
  std::string compiler, llvm;
  /// As in `--isa`.
  std::vector<std::string> levels;
  uint64_t codeBytes = 0;
  /// Bytes of the weights image, in a file or embedded.
  uint64_t weightsBytes = 0;
  /// Arena bytes of one thread with every dimension at its bound; nullopt if one has none.
  std::optional<int64_t> arenaBytes;
  /// Arena bytes as an expression of the dimensions, for readers.
  std::string arenaFormula;
  /// Of one run: bytes of weights and inputs that it has to read, and arithmetic operations,
  /// as formulas of the dimensions (see docs/manifest.md); null if they are not known.
  llvm::json::Value bytesRead = nullptr, flops = nullptr;
  std::vector<FileRecord> files;
  /// All rows, packRows among them.
  std::vector<LedgerRow> ledger;
  /// How the artefact compares with the uncompressed model; {"measured": false} if nothing
  /// has been run.
  llvm::json::Object certificate{{"measured", false}};
  /// BLAKE3 in hexadecimal digits, by what was hashed: "model", "recipe", ...
  std::vector<std::pair<std::string, std::string>> hashes;
};

/// The manifest's text: JSON, two spaces a level, keys in a fixed order. The rows of pass
/// "pack" must sum up to `weightsBytes`.
std::string manifestText(const ModelInterface &interface, const Manifest &manifest);

/// Size and hash of the file at `path`; a failure is a FileError.
llvm::Expected<FileRecord> recordFile(llvm::StringRef path);

} // namespace pleat
