// Sums of squares as results beside the model's own.
#include "passes/Utils/MeasureStep.h"

#include "dialects/Pleat/IR/PleatDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace pleat;

std::string pleat::differenceName(size_t row) { return "pleat.step." + std::to_string(row) + ".difference"; }

std::string pleat::wholeName(size_t row) { return "pleat.step." + std::to_string(row) + ".whole"; }

/// `sum` plus the squares of value(elements of `tensors`), over all elements.
static Value addSquares(OpBuilder &builder, Location loc, ValueRange tensors, Value sum,
                        llvm::function_ref<Value(OpBuilder &, ValueRange)> value) {
  unsigned rank = cast<RankedTensorType>(tensors.front().getType()).getRank();
  SmallVector<AffineMap> maps(tensors.size(), builder.getMultiDimIdentityMap(rank));
  maps.push_back(AffineMap::get(rank, 0, builder.getContext()));
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::reduction);
  auto square = [&](OpBuilder &inner, Location where, ValueRange elements) {
    Value x = value(inner, elements.drop_back());
    Value product = arith::MulFOp::create(inner, where, x, x);
    linalg::YieldOp::create(inner, where,
                            arith::AddFOp::create(inner, where, product, elements.back()).getResult());
  };
  return linalg::GenericOp::create(builder, loc, sum.getType(), tensors, sum, maps, loops, square)
      .getResult(0);
}

static void addResult(func::FuncOp main, Value value, StringRef name) {
  FunctionType type = main.getFunctionType();
  SmallVector<Type> results(type.getResults());
  results.push_back(value.getType());
  main.setType(FunctionType::get(main.getContext(), type.getInputs(), results));
  main.front().getTerminator()->insertOperands(results.size() - 1, value);
  Builder builder(main.getContext());
  main.setResultAttr(results.size() - 1, PleatDialect::getNameAttrName(), builder.getStringAttr(name));
  main.setResultAttr(results.size() - 1, PleatDialect::getDimsAttrName(), builder.getArrayAttr({}));
}

void pleat::addStepResults(func::FuncOp main, size_t row, ArrayRef<StepOutputs> outputs) {
  OpBuilder builder(main.front().getTerminator());
  Location loc = main.getLoc();
  Value zero = arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(0));
  Value empty = tensor::EmptyOp::create(builder, loc, ArrayRef<int64_t>(), builder.getF32Type());
  Value start = linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
  Value difference = start, whole = start;
  for (const StepOutputs &output : outputs) {
    difference = addSquares(builder, loc, {output.exact, output.changed}, difference,
                            [&](OpBuilder &inner, ValueRange pair) -> Value {
                              return arith::SubFOp::create(inner, loc, pair[0], pair[1]);
                            });
    whole = addSquares(builder, loc, output.exact, whole,
                       [](OpBuilder &, ValueRange element) { return element.front(); });
  }
  addResult(main, difference, differenceName(row));
  addResult(main, whole, wholeName(row));
}
