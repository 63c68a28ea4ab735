// Compares each layer with the first, operand by operand: an operand comes from the same
// place inside the layer, from the layer before, or from outside.
#include "passes/Optimization/RollLayers/LayerMatch.h"

#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Analysis/SizeExprs.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/OperationSupport.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace pleat;

uint64_t pleat::structuralLabel(Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << op->getName() << '|' << op->getAttrDictionary() << '|';
  llvm::interleaveComma(op->getOperandTypes(), stream);
  stream << '|';
  llvm::interleaveComma(op->getResultTypes(), stream);
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Operation &inner : block)
        stream << '(' << structuralLabel(&inner) << ')';
  return llvm::xxh3_64bits(text);
}

namespace {

/// Where an op stands among the layers.
struct Position {
  size_t layer, op;
};

class Matcher {
public:
  Matcher(ArrayRef<Operation *> ops, size_t period, SizeExprs &sizes) : sizes(sizes) {
    match.ops.assign(ops.begin(), ops.end());
    match.period = period;
    match.repeats = ops.size() / period;
    for (auto [i, op] : llvm::enumerate(ops))
      positions[op] = {i / period, i % period};
  }

  std::optional<LayerMatch> run() {
    for (size_t k = 0; k < match.period; ++k) {
      match.operands.emplace_back();
      if (!sameRegions(k))
        return std::nullopt;
      for (unsigned operand = 0; operand < layerOp(0, k)->getNumOperands(); ++operand)
        if (!classify(k, operand))
          return std::nullopt;
    }
    collect();
    if (!keepShapes())
      return std::nullopt;
    return std::move(match);
  }

private:
  Operation *layerOp(size_t layer, size_t k) { return match.ops[layer * match.period + k]; }

  std::optional<Position> positionOf(Value value) {
    Operation *producer = value.getDefiningOp();
    auto found = producer ? positions.find(producer) : positions.end();
    return found == positions.end() ? std::nullopt : std::optional(found->second);
  }

  /// Regions must be equal, and read nothing from outside that differs between layers.
  bool sameRegions(size_t k) {
    Operation *first = layerOp(0, k);
    if (first->getNumRegions() == 0)
      return true;
    for (size_t layer = 1; layer < match.repeats; ++layer) {
      bool equal = OperationEquivalence::isEquivalentTo(
          first, layerOp(layer, k),
          [&](Value a, Value b) {
            bool operandOfOp = llvm::is_contained(first->getOperands(), a);
            return success(a == b || operandOfOp || a.getParentBlock() != first->getBlock());
          },
          nullptr, OperationEquivalence::IgnoreLocations);
      if (!equal)
        return false;
    }
    // A value that only a region reads has no operand to be stacked or carried through.
    bool captures = false;
    first->walk([&](Operation *inner) {
      if (inner == first)
        return;
      for (Value value : inner->getOperands())
        captures |= positionOf(value).has_value();
    });
    return !captures;
  }

  bool classify(size_t k, unsigned operand) {
    Value first = layerOp(0, k)->getOperand(operand);
    auto &operands = match.operands.back();
    std::optional<Position> inside = positionOf(first);
    if (inside) {
      // From the same layer: op numbers and results agree in all layers.
      for (size_t layer = 1; layer < match.repeats; ++layer) {
        Value value = layerOp(layer, k)->getOperand(operand);
        std::optional<Position> position = positionOf(value);
        if (!position || position->layer != layer || position->op != inside->op ||
            cast<OpResult>(value).getResultNumber() != cast<OpResult>(first).getResultNumber())
          return false;
      }
      operands.push_back({LayerMatch::Origin::Inside, 0});
      return true;
    }

    Value second = layerOp(1, k)->getOperand(operand);
    if (std::optional<Position> before = positionOf(second)) {
      // From the layer before; layer 0 reads the initial value.
      unsigned result = cast<OpResult>(second).getResultNumber();
      for (size_t layer = 1; layer < match.repeats; ++layer) {
        Value value = layerOp(layer, k)->getOperand(operand);
        std::optional<Position> position = positionOf(value);
        if (!position || position->layer != layer - 1 || position->op != before->op ||
            cast<OpResult>(value).getResultNumber() != result)
          return false;
      }
      if (!isa<RankedTensorType>(first.getType()))
        return false;
      operands.push_back({LayerMatch::Origin::Carried, carriedIndex(first, before->op, result)});
      return true;
    }

    SmallVector<Value> values{first};
    bool shared = true;
    for (size_t layer = 1; layer < match.repeats; ++layer) {
      Value value = layerOp(layer, k)->getOperand(operand);
      if (positionOf(value) || value.getType() != first.getType())
        return false;
      shared &= value == first;
      values.push_back(value);
    }
    if (shared) {
      operands.push_back({LayerMatch::Origin::Shared, 0});
      return true;
    }
    // No contents to stack; its layers' shapes differ, or it would be one value.
    if (!isa<RankedTensorType>(first.getType()) || first.getDefiningOp<tensor::EmptyOp>())
      return false;
    operands.push_back({LayerMatch::Origin::Stacked, stackedIndex(values)});
    return true;
  }

  size_t carriedIndex(Value initial, size_t op, unsigned result) {
    for (auto [i, known] : llvm::enumerate(match.carried))
      if (known.initial == initial && known.op == op && known.result == result)
        return i;
    match.carried.push_back({initial, op, result});
    return match.carried.size() - 1;
  }

  size_t stackedIndex(ArrayRef<Value> values) {
    for (auto [i, known] : llvm::enumerate(match.stacked))
      if (ArrayRef<Value>(known) == values)
        return i;
    match.stacked.emplace_back(values);
    return match.stacked.size() - 1;
  }

  bool isReadOutside(OpResult value) {
    return llvm::any_of(value.getUsers(), [&](Operation *user) {
      Operation *inBlock = match.ops.front()->getBlock()->findAncestorOpInBlock(*user);
      return !positions.contains(inBlock);
    });
  }

  void collect() {
    for (size_t k = 0; k < match.period; ++k)
      for (unsigned result = 0; result < layerOp(0, k)->getNumResults(); ++result) {
        bool carried = llvm::any_of(
            match.carried, [&](const LayerMatch::Carried &c) { return c.op == k && c.result == result; });
        for (size_t layer = 0; layer < match.repeats; ++layer)
          if (isReadOutside(layerOp(layer, k)->getResult(result)) &&
              !(carried && layer + 1 == match.repeats)) {
            match.collected.push_back({k, result});
            break;
          }
      }
  }

  /// Dynamic sizes of equal types may differ.
  bool haveOneShape(Value a, Value b) {
    auto type = cast<RankedTensorType>(a.getType());
    if (a == b || type.hasStaticShape())
      return true;
    auto first = sizes.shapeOf(a), second = sizes.shapeOf(b);
    return succeeded(first) && succeeded(second) && *first == *second;
  }

  bool keepShapes() {
    auto inAllLayers = [&](Value first, size_t op, unsigned result) {
      for (size_t layer = 0; layer < match.repeats; ++layer)
        if (!haveOneShape(first, layerOp(layer, op)->getResult(result)))
          return false;
      return true;
    };
    return llvm::all_of(
               match.carried,
               [&](const LayerMatch::Carried &c) { return inAllLayers(c.initial, c.op, c.result); }) &&
           llvm::all_of(match.collected,
                        [&](auto c) {
                          return inAllLayers(layerOp(0, c.first)->getResult(c.second), c.first, c.second);
                        }) &&
           llvm::all_of(match.stacked, [&](ArrayRef<Value> values) {
             return llvm::all_of(values, [&](Value value) { return haveOneShape(values.front(), value); });
           });
  }

  SizeExprs &sizes;
  LayerMatch match;
  DenseMap<Operation *, Position> positions;
};

} // namespace

std::optional<LayerMatch> pleat::matchLayers(ArrayRef<Operation *> ops, size_t period, SizeExprs &sizes) {
  return Matcher(ops, period, sizes).run();
}
