// The table of verbs.
#include "compiler/Driver/Verb.h"

llvm::ArrayRef<pleat::Verb> pleat::allVerbs() {
  static constexpr Verb verbs[] = {
      {"compile", "compile an ONNX model to a C library", runCompile},
      {"check", "list everything that would stop a compile", runCheck},
      {"run", "run a compiled model on given or random inputs", runRun},
      {"verify", "compare a compiled model with expected outputs, or with an uncompressed build", runVerify},
      {"bench", "measure the time of an inference", runBench},
      {"inspect", "show what a model or a compiled model is made of", runInspect},
  };
  return verbs;
}
