// How errors become lines on stderr and an exit code.
#include "compiler/Driver/Failure.h"

#include "llvm/Support/WithColor.h"
#include "llvm/Support/raw_ostream.h"

using namespace pleat;
using llvm::Error;

char Failure::ID;

void Failure::log(llvm::raw_ostream &stream) const { stream << text; }

std::error_code Failure::convertToErrorCode() const { return llvm::inconvertibleErrorCode(); }

Error pleat::fail(ExitCode code, const llvm::Twine &text) { return llvm::make_error<Failure>(code, text); }

/// The code of one error.
static ExitCode ownCode(const llvm::ErrorInfoBase &info) {
  return info.isA<Failure>() ? static_cast<const Failure &>(info).code() : ExitCode::Internal;
}

Error pleat::inContext(const llvm::Twine &prefix, Error error) {
  std::string text = prefix.str();
  Error result = Error::success();
  llvm::handleAllErrors(std::move(error), [&](const llvm::ErrorInfoBase &info) {
    result = llvm::joinErrors(std::move(result), fail(ownCode(info), text + info.message()));
  });
  return result;
}

ExitCode pleat::codeOf(Error &error) {
  ExitCode code = ExitCode::Done;
  llvm::visitErrors(error, [&](const llvm::ErrorInfoBase &info) {
    if (code == ExitCode::Done)
      code = ownCode(info);
  });
  return code;
}

ExitCode pleat::report(Error error) {
  ExitCode code = codeOf(error);
  llvm::handleAllErrors(std::move(error), [](const llvm::ErrorInfoBase &info) {
    llvm::WithColor::error() << info.message() << '\n';
  });
  return code;
}
