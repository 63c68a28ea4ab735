// A wide access becomes a call with its range in front of it.
#include "compiler/Target/TraceWideAccesses.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"

using namespace llvm;
using namespace pleat;

namespace {

/// The widest access that the sanitizer instruments by itself, in bytes.
constexpr uint64_t narrow = 16;

struct Access {
  Instruction *at;
  Value *pointer;
  Type *type;
  Value *mask; // null: all of it
  bool write;
};

std::optional<Access> accessOf(Instruction &instruction) {
  if (auto *load = dyn_cast<LoadInst>(&instruction))
    return Access{load, load->getPointerOperand(), load->getType(), nullptr, false};
  if (auto *store = dyn_cast<StoreInst>(&instruction))
    return Access{store, store->getPointerOperand(), store->getValueOperand()->getType(), nullptr, true};
  auto *call = dyn_cast<IntrinsicInst>(&instruction);
  if (call && call->getIntrinsicID() == Intrinsic::masked_load)
    return Access{call, call->getArgOperand(0), call->getType(), call->getArgOperand(1), false};
  if (call && call->getIntrinsicID() == Intrinsic::masked_store)
    return Access{call, call->getArgOperand(1), call->getArgOperand(0)->getType(), call->getArgOperand(2),
                  true};
  return std::nullopt;
}

/// Bytes that `access` touches, from its pointer on.
Value *bytesOf(const Access &access, const DataLayout &layout, IRBuilder<> &b) {
  if (!access.mask)
    return b.getInt64(layout.getTypeStoreSize(access.type));
  auto *mask = cast<VectorType>(access.mask->getType());
  Value *lanes =
      b.CreateAddReduce(b.CreateZExt(access.mask, VectorType::get(b.getInt64Ty(), mask->getElementCount())));
  return b.CreateMul(lanes, b.getInt64(layout.getTypeStoreSize(access.type->getScalarType())));
}

} // namespace

PreservedAnalyses TraceWideAccesses::run(Function &function, FunctionAnalysisManager &) {
  if (!function.hasFnAttribute(Attribute::SanitizeThread))
    return PreservedAnalyses::all();
  Module &module = *function.getParent();
  const DataLayout &layout = module.getDataLayout();
  SmallVector<Access> wide;
  for (Instruction &instruction : instructions(function))
    if (auto access = accessOf(instruction))
      if (access->mask || layout.getTypeStoreSize(access->type) > narrow)
        wide.push_back(*access);
  for (const Access &access : wide) {
    IRBuilder<> b(access.at);
    Value *bytes = bytesOf(access, layout, b);
    FunctionCallee trace =
        module.getOrInsertFunction(access.write ? "__tsan_write_range" : "__tsan_read_range", b.getVoidTy(),
                                   b.getPtrTy(), b.getInt64Ty());
    b.CreateCall(trace, {access.pointer, bytes});
  }
  return wide.empty() ? PreservedAnalyses::all() : PreservedAnalyses::none();
}
