// The report of a verification as text and as JSON.
#include "compiler/Driver/VerifyReport.h"

#include "compiler/Driver/VerbOptions.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"

using namespace pleat;
namespace json = llvm::json;

bool CaseReport::good() const {
  return code == ExitCode::Done &&
         llvm::all_of(outputs, [](const OutputReport &output) { return output.comparison.good(); });
}

bool VerifyReport::good() const {
  return files.damaged.empty() && weights.damaged.empty() &&
         llvm::all_of(cases, [](const CaseReport &result) { return result.good(); });
}

ExitCode VerifyReport::code() const {
  ExitCode incomplete = ExitCode::Done;
  for (const CaseReport &result : cases) {
    if (!result.good() && (result.code == ExitCode::Done || result.code == ExitCode::NotMet))
      return ExitCode::NotMet;
    if (incomplete == ExitCode::Done)
      incomplete = result.code;
  }
  return files.damaged.empty() && weights.damaged.empty() ? incomplete : ExitCode::NotMet;
}

static void printOutput(llvm::raw_ostream &stream, const OutputReport &output) {
  const Comparison &found = output.comparison;
  stream << "  " << output.name << ": ";
  if (found.good())
    stream << "ok";
  else
    stream << found.mismatches << " of " << found.elements << " elements differ";
  stream << llvm::format(", relative L2 error %.3g, largest error %.3g", found.relativeL2,
                         found.largestError);
  if (found.worst >= 0) {
    stream << ", worst at [";
    llvm::interleaveComma(positionOf(found.worst, output.shape), stream);
    stream << llvm::format("]: expected %.9g, got %.9g", found.worstExpected, found.worstGot);
  }
  stream << '\n';
}

static void printHashes(llvm::raw_ostream &stream, llvm::StringRef what, const HashReport &report) {
  stream << what << ": " << report.checked << " checked, " << report.damaged.size() << " damaged\n";
  for (const std::string &line : report.damaged)
    stream << "  " << line << '\n';
}

void VerifyReport::print(llvm::raw_ostream &stream) const {
  printHashes(stream, "files", files);
  printHashes(stream, "tensors", weights);
  if (allowedError && !cases.empty())
    stream << llvm::format("relative L2 error allowed by the certificate: %.3g\n", *allowedError);
  for (const CaseReport &result : cases) {
    stream << result.name << ": " << (result.good() ? "ok" : "failed") << '\n';
    for (const OutputReport &output : result.outputs)
      printOutput(stream, output);
    if (!result.error.empty())
      stream << "  " << result.error << '\n';
  }
  if (!cases.empty())
    stream << llvm::count_if(cases, [](const CaseReport &result) { return result.good(); }) << " of "
           << cases.size() << " match\n";
}

static json::Object outputAsJson(const OutputReport &output) {
  const Comparison &found = output.comparison;
  json::Object object{{"name", output.name},
                      {"ok", found.good()},
                      {"elements", found.elements},
                      {"mismatches", found.mismatches},
                      {"rel_l2", jsonNumber(found.relativeL2)},
                      {"max_abs_error", jsonNumber(found.largestError)}};
  if (found.worst >= 0)
    object["worst"] = json::Object{{"index", json::Array(positionOf(found.worst, output.shape))},
                                   {"expected", jsonNumber(found.worstExpected)},
                                   {"got", jsonNumber(found.worstGot)}};
  return object;
}

json::Object VerifyReport::asJson() const {
  json::Array caseArray;
  for (const CaseReport &result : cases) {
    json::Array outputs;
    for (const OutputReport &output : result.outputs)
      outputs.push_back(outputAsJson(output));
    json::Object object{{"name", result.name}, {"ok", result.good()}, {"outputs", std::move(outputs)}};
    if (!result.error.empty())
      object["error"] = result.error;
    caseArray.push_back(std::move(object));
  }
  return json::Object{
      {"ok", good()},
      {"files", json::Object{{"checked", files.checked}, {"damaged", json::Array(files.damaged)}}},
      {"tensors", json::Object{{"checked", weights.checked}, {"damaged", json::Array(weights.damaged)}}},
      {"allowed_rel_l2", allowedError ? json::Value(*allowedError) : json::Value(nullptr)},
      {"cases", std::move(caseArray)}};
}
