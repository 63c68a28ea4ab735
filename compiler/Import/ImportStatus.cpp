// The importer's error type.
#include "compiler/Import/ImportStatus.h"

#include "llvm/Support/raw_ostream.h"

using namespace pleat;

char ImportError::ID = 0;

void ImportError::log(llvm::raw_ostream &stream) const { stream << text; }

std::error_code ImportError::convertToErrorCode() const {
  return std::make_error_code(status == ImportStatus::FileAccess ? std::errc::io_error
                                                                 : std::errc::invalid_argument);
}

llvm::Error pleat::invalidInput(const llvm::Twine &text) {
  return llvm::make_error<ImportError>(ImportStatus::InvalidInput, text);
}

llvm::Error pleat::unsupported(const llvm::Twine &text) {
  return llvm::make_error<ImportError>(ImportStatus::Unsupported, text);
}

llvm::Error pleat::asImportError(llvm::Error error, ImportStatus status, const llvm::Twine &prefix) {
  std::string text = prefix.str();
  llvm::handleAllErrors(
      std::move(error),
      [&](const ImportError &inner) {
        status = inner.getStatus();
        text += inner.getText();
      },
      [&](const llvm::ErrorInfoBase &inner) { text += inner.message(); });
  return llvm::make_error<ImportError>(status, text);
}
