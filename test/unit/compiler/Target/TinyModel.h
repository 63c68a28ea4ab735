/// A model of one kernel, as LLVM dialect: y[i] = w[0] * x[i].
#pragma once

#include "compiler/Target/CompileModule.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FormatVariadic.h"

namespace pleat {

/// The kernel's body at one level; slots: parts, x, w, y, n.
inline std::string tinyKernel(llvm::StringRef suffix) {
  return llvm::formatv(R"mlir(
  llvm.func @scale{0}(%slots: !llvm.ptr, %part: i64) {{
    %zero = llvm.mlir.constant(0 : i64) : i64
    %one = llvm.mlir.constant(1 : i64) : i64
    %p1 = llvm.getelementptr %slots[1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
    %p2 = llvm.getelementptr %slots[2] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
    %p3 = llvm.getelementptr %slots[3] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
    %p4 = llvm.getelementptr %slots[4] : (!llvm.ptr) -> !llvm.ptr, i64
    %x = llvm.load %p1 : !llvm.ptr -> !llvm.ptr
    %w = llvm.load %p2 : !llvm.ptr -> !llvm.ptr
    %y = llvm.load %p3 : !llvm.ptr -> !llvm.ptr
    %n = llvm.load %p4 : !llvm.ptr -> i64
    %scale = llvm.load %w : !llvm.ptr -> f32
    llvm.br ^check(%zero : i64)
  ^check(%i: i64):
    %more = llvm.icmp "slt" %i, %n : i64
    llvm.cond_br %more, ^body, ^done
  ^body:
    %px = llvm.getelementptr %x[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    %py = llvm.getelementptr %y[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
    %v = llvm.load %px : !llvm.ptr -> f32
    %r = llvm.fmul %v, %scale : f32
    llvm.store %r, %py : f32, !llvm.ptr
    %next = llvm.add %i, %one : i64
    llvm.br ^check(%next : i64)
  ^done:
    llvm.return
  }
)mlir",
                       suffix)
      .str();
}

/// The whole module for the given levels; the weight lies at `weightOffset` of the image.
inline std::string tinyModule(llvm::ArrayRef<const LevelInfo *> levels, uint64_t weightOffset) {
  std::string text = llvm::formatv(R"mlir(
module attributes {{pleat.kernels = [@scale]} {{
  llvm.func @pleat_run(%frame: !llvm.ptr) {{
    %five = llvm.mlir.constant(5 : i32) : i32
    %zero = llvm.mlir.constant(0 : i64) : i64
    %one = llvm.mlir.constant(1 : i64) : i64
    %slots = llvm.alloca %five x i64 : (i32) -> !llvm.ptr
    %inputs = llvm.load %frame : !llvm.ptr -> !llvm.ptr
    %outputs.p = llvm.getelementptr %frame[8] : (!llvm.ptr) -> !llvm.ptr, i8
    %outputs = llvm.load %outputs.p : !llvm.ptr -> !llvm.ptr
    %weights.p = llvm.getelementptr %frame[16] : (!llvm.ptr) -> !llvm.ptr, i8
    %weights = llvm.load %weights.p : !llvm.ptr -> !llvm.ptr
    %dims.p = llvm.getelementptr %frame[32] : (!llvm.ptr) -> !llvm.ptr, i8
    %dims = llvm.load %dims.p : !llvm.ptr -> !llvm.ptr
    %kernels.p = llvm.getelementptr %frame[40] : (!llvm.ptr) -> !llvm.ptr, i8
    %kernels = llvm.load %kernels.p : !llvm.ptr -> !llvm.ptr
    %x = llvm.load %inputs : !llvm.ptr -> !llvm.ptr
    %y = llvm.load %outputs : !llvm.ptr -> !llvm.ptr
    %w = llvm.getelementptr %weights[{0}] : (!llvm.ptr) -> !llvm.ptr, i8
    %n = llvm.load %dims : !llvm.ptr -> i64
    %s1 = llvm.getelementptr %slots[1] : (!llvm.ptr) -> !llvm.ptr, i64
    %s2 = llvm.getelementptr %slots[2] : (!llvm.ptr) -> !llvm.ptr, i64
    %s3 = llvm.getelementptr %slots[3] : (!llvm.ptr) -> !llvm.ptr, i64
    %s4 = llvm.getelementptr %slots[4] : (!llvm.ptr) -> !llvm.ptr, i64
    llvm.store %one, %slots : i64, !llvm.ptr
    llvm.store %x, %s1 : !llvm.ptr, !llvm.ptr
    llvm.store %w, %s2 : !llvm.ptr, !llvm.ptr
    llvm.store %y, %s3 : !llvm.ptr, !llvm.ptr
    llvm.store %n, %s4 : i64, !llvm.ptr
    %kernel = llvm.load %kernels : !llvm.ptr -> !llvm.ptr
    llvm.call %kernel(%slots, %zero) : !llvm.ptr, (!llvm.ptr, i64) -> ()
    llvm.return
  }
  llvm.func @pleat_arena_bytes(%dims: !llvm.ptr, %threads: i64) -> i64 {{
    %zero = llvm.mlir.constant(0 : i64) : i64
    llvm.return %zero : i64
  }
)mlir",
                                   weightOffset)
                         .str();
  for (const LevelInfo *level : levels)
    text += tinyKernel(level->suffix);
  return text + "}\n";
}

/// The interface of the tiny model: x[n] to y[n], f32.
inline ModelInterface tinyInterface(llvm::StringRef name) {
  ModelInterface interface;
  interface.name = name.str();
  interface.inputs = {{"x", "", PLEAT_F32, {{PLEAT_AXIS_DIM, 0}}}};
  interface.outputs = {{"y.1", "", PLEAT_F32, {{PLEAT_AXIS_DIM, 0}}}};
  interface.dims = {{"n", "", 0, 1024, 1}};
  interface.hostDims = 1;
  assignCNames(interface);
  return interface;
}

/// A context and the module parsed into it.
struct TinyModel {
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;

  TinyModel(llvm::ArrayRef<const LevelInfo *> levels, uint64_t weightOffset = 0) {
    context.loadDialect<mlir::LLVM::LLVMDialect>();
    module = mlir::parseSourceString<mlir::ModuleOp>(tinyModule(levels, weightOffset), &context);
  }
};

/// All levels, as TargetOptions takes them.
inline std::vector<const LevelInfo *> everyLevel() {
  std::vector<const LevelInfo *> levels;
  for (const LevelInfo &level : allLevels())
    levels.push_back(&level);
  return levels;
}

/// The one level that every machine running tests has.
inline std::vector<const LevelInfo *> lowestLevel() { return {&allLevels().front()}; }

} // namespace pleat
