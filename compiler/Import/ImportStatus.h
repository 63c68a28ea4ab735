/// How an import ended, and the error that carries it between the importer's parts.
#pragma once

#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include <string>
#include <system_error>

namespace pleat {

/// Outcome of reading a model. The numbers are the driver's exit codes.
enum class ImportStatus {
  Done = 0,
  /// The file breaks the format's rules.
  InvalidInput = 2,
  /// The file is well-formed, but needs what we do not have.
  Unsupported = 3,
  /// A file cannot be opened or read.
  FileAccess = 5,
};

/// Why an import failed: a status and the text for the user.
class ImportError : public llvm::ErrorInfo<ImportError> {
public:
  static char ID;

  ImportError(ImportStatus status, const llvm::Twine &text) : status(status), text(text.str()) {}

  void log(llvm::raw_ostream &stream) const override;
  std::error_code convertToErrorCode() const override;

  ImportStatus getStatus() const { return status; }
  const std::string &getText() const { return text; }

private:
  ImportStatus status;
  std::string text;
};

/// An error with status InvalidInput.
llvm::Error invalidInput(const llvm::Twine &text);

/// An error with status Unsupported.
llvm::Error unsupported(const llvm::Twine &text);

/// Gives an error of another kind (the system's, the weight store's) a status and `prefix`
/// before its text; an ImportError only gets the prefix.
llvm::Error asImportError(llvm::Error error, ImportStatus status, const llvm::Twine &prefix);

} // namespace pleat
