/// Panels of keys are tried from the end until one is seen, then from the beginning until
/// every query has seen one: for usual masks a few loads, against the scores of a whole row.
#include "passes/CPU/EmitAttention/VisibleKeys.h"

#include "passes/CPU/EmitAttention/AttentionCode.h"

using namespace mlir;
using namespace pleat;

// What RaiseAttention takes for hidden, and what certainly is not.
static constexpr float kHidden = -1e9f, kSeen = -5e8f;

namespace {

class KeySearch {
public:
  KeySearch(KernelBuilder &builder, Value mask, ArrayRef<Value> rows, Value end)
      : builder(builder), mask(mask), rows(rows), end(end) {}

  KeyRange emit() {
    Value whole = builder.div(end, builder.index(kTokenPanel));
    return emitFirst(emitLast(whole), whole);
  }

private:
  Value boolean(bool value) { return arith::ConstantIntOp::create(builder, value, 1); }
  Value either(Value a, Value b) { return arith::OrIOp::create(builder, a, b); }
  Value both(Value a, Value b) { return arith::AndIOp::create(builder, a, b); }
  Value negate(Value a) { return arith::XOrIOp::create(builder, a, boolean(true)); }
  Value less(Value a, Value b) { return builder.compare(arith::CmpIPredicate::ult, a, b); }

  /// Whether any of `someRows` has a mask above `bound`, or NaN, in `panel`; of a partial
  /// panel only what lies below `end` is read.
  Value hasAbove(ArrayRef<Value> someRows, Value panel, float bound, bool isPartial = false) {
    Value lanes;
    for (int64_t lane = 0; lane < kTokenPanel; lane += builder.getLanes())
      for (Value row : someRows) {
        Value column = builder.add(builder.mul(panel, kTokenPanel), lane);
        Value count = isPartial ? builder.subOrZero(end, column) : builder.index(builder.getLanes());
        Value values = builder.load(mask, builder.add(row, column), count);
        Value above = arith::CmpFOp::create(builder, arith::CmpFPredicate::UGT, values, builder.splat(bound));
        if (isPartial)
          above = both(above, builder.mask(count));
        lanes = lanes ? either(lanes, above) : above;
      }
    return builder.anyLane(lanes);
  }

  /// One beyond the last panel that a query sees; 0 for none.
  Value emitLast(Value whole) {
    Value zero = builder.index(0), one = builder.index(1);
    Value isPartial = less(builder.mul(whole, kTokenPanel), end);
    Value endsPartial =
        builder
            .ifElse(
                isPartial, TypeRange(builder.getI1Type()),
                [&] { return SmallVector<Value>{hasAbove(rows, whole, kHidden, /*isPartial=*/true)}; },
                [&] { return SmallVector<Value>{boolean(false)}; })
            .front();
    return builder
        .ifElse(
            endsPartial, TypeRange(builder.getIndexType()),
            [&] { return SmallVector<Value>{builder.add(whole, one)}; },
            [&] {
              auto isHidden = [&](ValueRange carried) {
                Value exists = less(zero, carried[0]);
                return builder
                    .ifElse(
                        exists, TypeRange(builder.getI1Type()),
                        [&] {
                          return SmallVector<Value>{
                              negate(hasAbove(rows, builder.sub(carried[0], one), kHidden))};
                        },
                        [&] { return SmallVector<Value>{boolean(false)}; })
                    .front();
              };
              auto step = [&](ValueRange carried) {
                return SmallVector<Value>{builder.sub(carried[0], one)};
              };
              return builder.loopWhile(whole, isHidden, step);
            })
        .front();
  }

  /// The range that ends with panel `last`, or all keys where a query sees none of the
  /// whole panels.
  KeyRange emitFirst(Value last, Value whole) {
    // Carried: the panel in work, the first that any query sees, and whether each has seen.
    SmallVector<Value> inits = {builder.index(0), last};
    inits.append(rows.size(), boolean(false));
    Value stop = builder.min(last, whole);
    auto allSeen = [&](ValueRange seen) {
      Value all = boolean(true);
      for (Value one : seen)
        all = both(all, one);
      return all;
    };
    auto goesOn = [&](ValueRange carried) {
      return both(less(carried[0], stop), negate(allSeen(carried.drop_front(2))));
    };
    auto step = [&](ValueRange carried) {
      Value panel = carried[0];
      Value first =
          builder.select(hasAbove(rows, panel, kHidden), builder.min(panel, carried[1]), carried[1]);
      SmallVector<Value> next = {builder.add(panel, 1), first};
      for (auto [row, seen] : llvm::zip(rows, carried.drop_front(2)))
        next.push_back(either(seen, hasAbove(row, panel, kSeen)));
      return next;
    };
    SmallVector<Value> found = builder.loopWhile(inits, goesOn, step);
    Value narrow = allSeen(ArrayRef(found).drop_front(2));
    Value begin = builder.select(narrow, builder.mul(found[1], kTokenPanel), builder.index(0));
    return {begin, builder.select(narrow, builder.min(builder.mul(last, kTokenPanel), end), end)};
  }

  KernelBuilder &builder;
  Value mask;
  ArrayRef<Value> rows;
  Value end;
};

} // namespace

KeyRange pleat::emitVisibleKeys(KernelBuilder &builder, Value mask, ArrayRef<Value> rows, Value end) {
  return KeySearch(builder, mask, rows, end).emit();
}

void pleat::storeKeyRange(KernelBuilder &builder, const KeyRange &range, Value memory, Value offset) {
  auto store = [&](Value key, Value place) {
    Value integer = arith::IndexCastUIOp::create(builder, builder.getI32Type(), key);
    builder.storeScalar(arith::BitcastOp::create(builder, builder.getF32Type(), integer), memory, place);
  };
  store(range.begin, offset);
  store(range.end, builder.add(offset, 1));
}

KeyRange pleat::loadKeyRange(KernelBuilder &builder, Value memory, Value offset) {
  auto load = [&](Value place) -> Value {
    Value integer =
        arith::BitcastOp::create(builder, builder.getI32Type(), builder.loadScalar(memory, place));
    return arith::IndexCastUIOp::create(builder, builder.getIndexType(), integer);
  };
  return {load(offset), load(builder.add(offset, 1))};
}
