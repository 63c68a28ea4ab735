// The list of kernel families; each stands in a folder passes/CPU/Emit<Family>.
#include "passes/CPU/EmitAttention/EmitAttention.h"
#include "passes/CPU/EmitConv/EmitConv.h"
#include "passes/CPU/EmitConv/EmitPool.h"
#include "passes/CPU/EmitLinear/EmitLinear.h"
#include "passes/CPU/EmitRows/EmitNorm.h"
#include "passes/CPU/EmitRows/EmitRotary.h"
#include "passes/CPU/EmitRows/EmitSoftmax.h"

using namespace pleat;

llvm::ArrayRef<KernelFamily> pleat::kernelFamilies() {
  static const KernelFamily families[] = {
      {"linear", appliesEmitLinear, emitLinear},    {"conv", appliesEmitConv, emitConv},
      {"pool", appliesEmitPool, emitPool},          {"attention", appliesEmitAttention, emitAttention},
      {"norm", appliesEmitNorm, emitNorm},          {"rotary", appliesEmitRotary, emitRotary},
      {"softmax", appliesEmitSoftmax, emitSoftmax},
  };
  return families;
}

const KernelFamily *pleat::findFamily(mlir::func::FuncOp kernel, const LevelInfo &level) {
  for (const KernelFamily &family : kernelFamilies())
    if (family.applies(kernel, level))
      return &family;
  return nullptr;
}
