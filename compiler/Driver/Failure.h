/// Errors that know how the program shall end.
#pragma once

#include "compiler/Driver/ExitCode.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include <string>

namespace pleat {

/// Why a verb failed: an exit code and one line for the user.
class Failure : public llvm::ErrorInfo<Failure> {
public:
  static char ID;

  Failure(ExitCode code, const llvm::Twine &text) : exitCode(code), text(text.str()) {}

  void log(llvm::raw_ostream &stream) const override;
  std::error_code convertToErrorCode() const override;

  ExitCode code() const { return exitCode; }

private:
  ExitCode exitCode;
  std::string text;
};

/// An error that ends the program with `code`.
llvm::Error fail(ExitCode code, const llvm::Twine &text);

/// Puts `prefix` before the text of `error` and keeps its code.
llvm::Error inContext(const llvm::Twine &prefix, llvm::Error error);

/// The code of the first error in `error`, which stays as it is; Done if there is none,
/// Internal for an error that names no code.
ExitCode codeOf(llvm::Error &error);

/// Writes each error as a line "error: ..." to stderr. Returns the code of the first one.
ExitCode report(llvm::Error error);

} // namespace pleat
