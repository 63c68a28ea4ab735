// The list of kernel families; each stands in a folder passes/CPU/Emit<Family>.
#include "passes/CPU/KernelEmitter.h"

using namespace pleat;

llvm::ArrayRef<KernelFamily> pleat::kernelFamilies() { return {}; }
