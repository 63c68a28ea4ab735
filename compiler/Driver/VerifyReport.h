/// What `pleat verify` found, and how it is told.
#pragma once

#include "compiler/Driver/ArtifactHashes.h"
#include "compiler/Driver/CompareTensors.h"
#include "compiler/Driver/ExitCode.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

namespace pleat {

struct OutputReport {
  std::string name;
  llvm::SmallVector<int64_t, 4> shape;
  Comparison comparison;
};

/// One data set, or one comparison with another build.
struct CaseReport {
  std::string name;
  std::vector<OutputReport> outputs;
  /// Why it could not be compared to the end, with the code for it; Done if it was.
  ExitCode code = ExitCode::Done;
  std::string error;

  bool good() const;
};

struct VerifyReport {
  /// Nothing is checked where there is no manifest.
  HashReport files;
  HashReport weights;
  /// The relative L2 error that outputs may have, where it is the certificate's.
  std::optional<double> allowedError;
  std::vector<CaseReport> cases;

  /// Whether nothing is damaged and every case matched.
  bool good() const;

  /// Done; NotMet if something is damaged or differs; else why a case could not be compared.
  ExitCode code() const;

  /// A line for files and weights, each case and each output, and what is wrong.
  void print(llvm::raw_ostream &stream) const;

  /// Keys ok, files, tensors, allowed_rel_l2, cases.
  llvm::json::Object asJson() const;
};

} // namespace pleat
