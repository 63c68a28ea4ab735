// The nest around a body: which loops stand where, and how one is cut into vectors.
//
//   for outer parallel loops
//     for the vectorised loop by vectors, then by single elements     (Parallel)
//       for reducing loops, results so far in registers
//         body
#include "passes/CPU/EmitLoops/EmitLoops.h"

#include "passes/CPU/EmitLoops/LaneBody.h"
#include "passes/CPU/EmitLoops/LoopChoice.h"
#include "passes/CPU/EmitLoops/WideBody.h"
#include "passes/CPU/IsaLevel.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace pleat {
#define GEN_PASS_DEF_EMITLOOPS
#include "passes/CPU/EmitLoops/EmitLoops.h.inc"
} // namespace pleat

using namespace pleat;

/// Vectors that a reduction keeps in flight, to cover the latency of an addition.
static constexpr int64_t kAccumulators = 4;

static int64_t widestBytes(linalg::LinalgOp op) {
  int64_t bits = 8;
  auto see = [&](Type type) {
    if (type.isIntOrFloat())
      bits = std::max<int64_t>(bits, type.getIntOrFloatBitWidth());
  };
  for (Value argument : op.getBlock()->getArguments())
    see(argument.getType());
  for (Operation &inner : *op.getBlock())
    for (Type type : inner.getResultTypes())
      see(type);
  return llvm::divideCeil(bits, 8);
}

namespace {

/// Lays the loops of one linalg op.
class Nest {
public:
  Nest(OpBuilder &builder, linalg::LinalgOp op, LoopChoice choice, int64_t width)
      : builder(builder), op(op), loc(op.getLoc()), choice(choice), width(width) {
    for (Range range : op.createLoopRanges(builder, loc))
      sizes.push_back(getValueOrCreateConstantIndexOp(builder, loc, range.size));
    ivs.resize(sizes.size());
    zero = constant(0);
    one = constant(1);
    for (auto [loop, iterator] : llvm::enumerate(op.getIteratorTypesArray())) {
      if (choice.kind != LoopChoice::None && loop == choice.loop)
        continue;
      (iterator == utils::IteratorType::parallel ? parallelLoops : reducingLoops).push_back(loop);
    }
  }

  void emit() { emitParallel(0); }

private:
  using Values = SmallVector<Value>;
  using BodyFn = llvm::function_ref<Values(ValueRange)>;

  Value constant(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }

  /// A loop over [lower, upper); `body` gives the next carried values.
  Values emitFor(unsigned loop, Value lower, Value upper, int64_t step, ValueRange carried, BodyFn body) {
    auto nest = scf::ForOp::create(builder, loc, lower, upper, step == 1 ? one : constant(step), carried);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(nest.getBody());
    ivs[loop] = nest.getInductionVar();
    Values next = body(nest.getRegionIterArgs());
    if (!carried.empty())
      scf::YieldOp::create(builder, loc, next);
    return Values(nest.getResults());
  }

  void emitParallel(unsigned depth) {
    if (depth < parallelLoops.size()) {
      unsigned loop = parallelLoops[depth];
      emitFor(loop, zero, sizes[loop], 1, {}, [&](ValueRange) {
        emitParallel(depth + 1);
        return Values();
      });
      return;
    }
    switch (choice.kind) {
    case LoopChoice::None:
      return emitPoint(1, 1);
    case LoopChoice::Parallel:
      return emitVectors();
    case LoopChoice::Reduction:
      return emitReduction();
    }
  }

  /// The largest multiple of `step` not above the size of the vectorised loop, from `from` on.
  Value cutAt(Value from, int64_t step) {
    Value size = arith::SubIOp::create(builder, loc, sizes[choice.loop], from);
    Value rest = arith::RemUIOp::create(builder, loc, size, constant(step));
    return arith::SubIOp::create(builder, loc, sizes[choice.loop], rest);
  }

  void emitVectors() {
    Value from = zero;
    // A reduction reads a block of columns at a time, so that cache lines are used up.
    SmallVector<int64_t> blocks = {1};
    if (!reducingLoops.empty())
      blocks.insert(blocks.begin(), kAccumulators);
    for (int64_t vectors : blocks) {
      Value to = cutAt(from, vectors * width);
      emitFor(choice.loop, from, to, vectors * width, {}, [&, vectors = vectors](ValueRange) {
        emitPoint(width, vectors);
        return Values();
      });
      from = to;
    }
    emitFor(choice.loop, from, sizes[choice.loop], 1, {}, [&](ValueRange) {
      emitPoint(1, 1);
      return Values();
    });
  }

  /// Everything that one element of each output needs, or `vectors` vectors of elements.
  void emitPoint(int64_t lanes, int64_t vectors) {
    LaneBody body(builder, op, choice.loop, lanes);
    unsigned outputs = op.getNumDpsInits();
    Values starts = vectorStarts(lanes, vectors), held;
    Value first = choice.kind == LoopChoice::Parallel ? ivs[choice.loop] : Value();
    for (Value start : starts)
      for (unsigned output = 0; output < outputs; ++output) {
        setVectorIndex(start);
        held.push_back(readsOutput(output) ? body.loadOutput(output, ivs) : Value());
      }
    Values results = emitReducing(0, held, [&](ValueRange now) {
      Values next;
      for (auto [index, start] : llvm::enumerate(starts)) {
        setVectorIndex(start);
        llvm::append_range(next, body.run(ivs, now.slice(index * outputs, outputs)));
      }
      return next;
    });
    for (auto [index, start] : llvm::enumerate(starts))
      for (unsigned output = 0; output < outputs; ++output) {
        setVectorIndex(start);
        body.storeOutput(output, ivs, results[index * outputs + output]);
      }
    setVectorIndex(first);
  }

  Values vectorStarts(int64_t lanes, int64_t vectors) {
    if (choice.kind != LoopChoice::Parallel)
      return {Value()};
    Values starts = {ivs[choice.loop]};
    for (int64_t index = 1; index < vectors; ++index)
      starts.push_back(arith::AddIOp::create(builder, loc, ivs[choice.loop], constant(index * lanes)));
    return starts;
  }

  void setVectorIndex(Value start) {
    if (start)
      ivs[choice.loop] = start;
  }

  bool readsOutput(unsigned output) {
    return !reducingLoops.empty() || !op.getRegionOutputArgs()[output].use_empty();
  }

  Values emitReducing(unsigned depth, ValueRange held, BodyFn body) {
    if (depth == reducingLoops.size())
      return body(held);
    unsigned loop = reducingLoops[depth];
    return emitFor(loop, zero, sizes[loop], 1, held,
                   [&](ValueRange now) { return emitReducing(depth + 1, now, body); });
  }

  /// Sums vectors side by side, then single elements, then all of them as a tree.
  void emitReduction() {
    LaneBody element(builder, op, choice.loop, 1), vector(builder, op, choice.loop, width);
    Value neutral = neutralOf(builder, choice.combiner);
    ivs[choice.loop] = zero;
    Values held(kAccumulators, vector.spread(neutral));
    held.push_back(element.loadOutput(0, ivs));
    Value blockEnd = cutAt(zero, kAccumulators * width);
    Values sums = emitReducing(0, held, [&](ValueRange now) {
      Values vectors =
          emitFor(choice.loop, zero, blockEnd, kAccumulators * width, now.drop_back(), [&](ValueRange v) {
            Values next;
            Value start = ivs[choice.loop];
            for (int64_t index = 0; index < kAccumulators; ++index) {
              ivs[choice.loop] =
                  index == 0 ? start
                             : Value(arith::AddIOp::create(builder, loc, start, constant(index * width)));
              next.push_back(vector.run(ivs, v[index]).front());
            }
            return next;
          });
      Value vectorEnd = cutAt(blockEnd, width);
      vectors.front() = emitFor(choice.loop, blockEnd, vectorEnd, width, vectors.front(), [&](ValueRange v) {
                          return vector.run(ivs, v);
                        }).front();
      Values rest = emitFor(choice.loop, vectorEnd, sizes[choice.loop], 1, now.back(),
                            [&](ValueRange v) { return element.run(ivs, v); });
      vectors.push_back(rest.front());
      return vectors;
    });
    Value total = sumOfLanes(combineTree(ArrayRef(sums).drop_back()));
    ivs[choice.loop] = zero;
    element.storeOutput(0, ivs, combine(sums.back(), total));
  }

  Value combine(Value a, Value b) { return pleat::combine(builder, choice.combiner, a, b); }

  Value combineTree(ArrayRef<Value> values) {
    if (values.size() == 1)
      return values.front();
    size_t half = values.size() / 2;
    return combine(combineTree(values.take_front(half)), combineTree(values.drop_front(half)));
  }

  Value sumOfLanes(Value vector) {
    for (int64_t lanes = width; lanes > 1; lanes /= 2) {
      SmallVector<int64_t> low, high;
      for (int64_t lane = 0; lane < lanes / 2; ++lane) {
        low.push_back(lane);
        high.push_back(lanes / 2 + lane);
      }
      vector = combine(vector::ShuffleOp::create(builder, loc, vector, vector, low),
                       vector::ShuffleOp::create(builder, loc, vector, vector, high));
    }
    return vector::ExtractOp::create(builder, loc, vector, 0);
  }

  OpBuilder &builder;
  linalg::LinalgOp op;
  Location loc;
  LoopChoice choice;
  int64_t width;
  Values sizes, ivs;
  SmallVector<unsigned> parallelLoops, reducingLoops;
  Value zero, one;
};

struct EmitLoops : pleat::impl::EmitLoopsBase<EmitLoops> {
  using EmitLoopsBase::EmitLoopsBase;

  void runOnOperation() override {
    int64_t bytes = vectorBytes ? int64_t(vectorBytes) : bytesOfLevel();
    SmallVector<memref::CopyOp> copies;
    getOperation().walk([&](memref::CopyOp copy) { copies.push_back(copy); });
    for (memref::CopyOp copy : copies) {
      OpBuilder builder(copy);
      linalg::CopyOp::create(builder, copy.getLoc(), copy.getSource(), copy.getTarget());
      copy.erase();
    }
    SmallVector<linalg::LinalgOp> ops;
    getOperation().walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    for (linalg::LinalgOp op : ops) {
      widenBody(op);
      LoopChoice choice = hasLaneBody(op) ? chooseLoop(op) : LoopChoice();
      int64_t width = std::max<int64_t>(1, bytes / widestBytes(op));
      OpBuilder builder(op);
      Nest(builder, op, width == 1 ? LoopChoice() : choice, width).emit();
      op.erase();
    }
  }

private:
  int64_t bytesOfLevel() {
    auto name = getOperation()->getAttrOfType<StringAttr>(kLevelAttrName);
    const LevelInfo *level = name ? findLevel(name.getValue()) : nullptr;
    return level ? level->lanes * 4 : 32;
  }
};

} // namespace
